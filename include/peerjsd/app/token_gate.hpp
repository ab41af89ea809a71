#pragma once

#include "peerjsd/app/config.hpp"
#include "peerjsd/app/file_watch.hpp"
#include "peerjsd/auth/key_set.hpp"
#include "peerjsd/auth/token.hpp"
#include "peerjsd/net/gate.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace peerjsd::app {

/// Lets in who has a signed token: --auth_secret and what begins like it. Its keys come from files
/// that may be replaced at any time.
class TokenGate final : public net::Gate {
 public:
  /// nullptr: the configuration asks for no tokens.
  static std::unique_ptr<TokenGate> of(const Config& config);

  /// Reads the keys. Empty, or what is wrong with them in one line; then those that held before go
  /// on.
  std::string load();

  /// See FileWatch.
  bool is_due() { return watch_.is_due(); }

  std::size_t keys() const { return keys_.size(); }

  std::variant<net::Pass, net::Rejection> check(const core::Credentials& who,
                                                net::Occasion occasion) const override;

 private:
  explicit TokenGate(const Config& config);

  std::variant<net::Pass, net::Rejection> admit(const core::Credentials& who,
                                                const auth::Grant& grant, auth::Time now) const;

  std::vector<std::string> secrets_;
  std::vector<std::string> key_files_;
  std::string jwks_file_;
  auth::TokenRules rules_;
  std::size_t max_token_bytes_;
  bool ends_expired_;
  FileWatch watch_;
  auth::KeySet keys_;
};

}  // namespace peerjsd::app
