#pragma once

#include "peerjsd/core/client.hpp"
#include "peerjsd/core/relay.hpp"
#include "peerjsd/core/time.hpp"

#include <cstdint>
#include <string>
#include <variant>

namespace peerjsd::net {

/// With what a client is let in.
struct Pass {
  std::string owner;   ///< stands for it in the place of its token
  std::string user{};  ///< its name elsewhere; empty: not known
  core::Rights rights{};
  bool may_list = true;
  std::uint32_t owner_limit = 0;  ///< see core::Client
  core::Term term{};              ///< see core::Credentials
};

/// Why it is not.
struct Rejection {
  std::string reason;  ///< for the client
  std::string detail;  ///< for the operator; no secret
};

/// For what a token is shown.
enum class Occasion : std::uint8_t {
  Arriving,
  Connected,  ///< by that very token
};

/// Decides who may connect, and as whom. Where there is none everybody may, with any token.
class Gate {
 public:
  Gate() = default;
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  virtual ~Gate() = default;

  /// An empty id: any.
  virtual std::variant<Pass, Rejection> check(const core::Credentials& who,
                                              Occasion occasion) const = 0;
};

}  // namespace peerjsd::net
