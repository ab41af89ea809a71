#pragma once

#include <string>
#include <string_view>

namespace peerjsd::auth {

/// Ids that can be told to be this server's: their end is a MAC of their beginning. So nothing need
/// be remembered, they outlive a restart, and all nodes with the same secret know them.
class IssuedIds {
 public:
  explicit IssuedIds(std::string secret) : secret_(std::move(secret)) {}

  /// `id`: as core::make_peer_id() makes it; what it returns has the same form.
  std::string seal(std::string id) const;

  bool is_sealed(std::string_view id) const;

 private:
  std::string secret_;
};

}  // namespace peerjsd::auth
