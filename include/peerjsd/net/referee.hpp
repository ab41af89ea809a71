#pragma once

#include "peerjsd/core/relay.hpp"
#include "peerjsd/core/time.hpp"
#include "peerjsd/net/gate.hpp"
#include "peerjsd/net/http_wire.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace peerjsd::net {

enum class Purpose : std::uint8_t {
  Connect,
  Ice,   ///< credentials for TURN
  List,  ///< the ids of all peers
};

/// What a client wants, and what is known of it. It holds during the call only.
struct Question {
  Purpose purpose;
  core::Credentials who;  ///< as it says itself; of List the id is empty, and the token may be
  std::string_view address;
  core::AddressGroup group;
  const HttpRequest& request;
  std::weak_ptr<const void> asker;  ///< expired: nobody waits for the ruling any more
};

struct Ruling {
  std::variant<Pass, Rejection> verdict;
  std::string failure{};  ///< why nobody could be asked, for the operator; empty: somebody was
};

/// Somebody outside who has the last word on whom the gate lets in.
class Referee {
 public:
  using OnRuling = std::function<void(const Ruling&)>;

  Referee() = default;
  Referee(const Referee&) = delete;
  Referee& operator=(const Referee&) = delete;
  virtual ~Referee() = default;

  /// `pass`: of the gate; the ruling never gives more. `on_ruling` is called once, from the loop,
  /// never from ask() itself; not at all once the referee is gone, and perhaps not once the asker
  /// is.
  virtual void ask(const Question& question, const Pass& pass, core::Instant now,
                   OnRuling on_ruling) = 0;
};

}  // namespace peerjsd::net
