// What nodes tell each other arrives as it was said, whatever is in it; and whatever else arrives
// is either nothing or says the same when it is said again.

#include "peerjsd/cluster/envelope.hpp"

#include "support/bytes.hpp"
#include "support/require.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

using namespace peerjsd;
using namespace peerjsd::cluster;
using core::MessageType;
using fuzz::require;

namespace {

constexpr core::Instant kNow{std::chrono::hours(24)};

constexpr MessageType kTypes[] = {MessageType::Offer, MessageType::Answer, MessageType::Candidate,
                                  MessageType::Leave, MessageType::Expire, MessageType::Custom};

/// Texts of any bytes, some of them like the parts of an envelope.
class Texts {
 public:
  explicit Texts(fuzz::Bytes& bytes) : bytes_(bytes) {}

  std::string_view next() {
    std::string& text = texts_.emplace_back();
    for (std::size_t size = bytes_.below(24); size > 0; --size) {
      text += static_cast<char>(bytes_.below(256));
    }
    return text;
  }

 private:
  fuzz::Bytes& bytes_;
  std::deque<std::string> texts_;  // the views stay valid
};

/// What can be said by a node rather than by a script.
std::optional<std::string> said_again(const Envelope& envelope) {
  return std::visit(
      [](const auto& what) -> std::optional<std::string> {
        if constexpr (requires { to_text(what); }) return to_text(what);
        if constexpr (requires { to_text(what, kNow); }) return to_text(what, kNow);
        return std::nullopt;
      },
      envelope);
}

bool is_within(std::string_view part, std::string_view whole) {
  const std::less_equal<const char*> before;
  return before(whole.data(), part.data()) &&
         before(part.data() + part.size(), whole.data() + whole.size());
}

void read_anything(const std::string& text) {
  const Envelope envelope = parse_envelope(text, kNow);
  if (const auto* delivery = std::get_if<Delivery>(&envelope)) {
    require(is_within(delivery->dst, text), "what is read is a part of what came");
    for (const Delivery::Item& item : delivery->items) {
      require(is_within(item.src, text) && is_within(item.text, text),
              "what is read is a part of what came");
      require(item.type != MessageType::Unknown, "only known messages are delivered");
      require(item.since <= kNow, "nothing waits since later than now");
    }
  }
  const auto again = said_again(envelope);
  if (!again) return;
  const Envelope second = parse_envelope(*again, kNow);
  require(second.index() == envelope.index(), "it is of the same kind when it is said again");
  require(said_again(second) == again, "it says the same when it is said again");
}

void say_and_read(fuzz::Bytes& bytes) {
  Texts texts(bytes);
  Delivery said{texts.next(), bytes.below(256), texts.next(), texts.next(), {}};
  for (std::size_t count = bytes.below(4); count > 0; --count) {
    const core::Instant since = kNow - std::chrono::milliseconds(bytes.below(256));
    const std::string_view src = texts.next();
    const MessageType type = bytes.one_of(kTypes);
    const std::string_view text = texts.next();
    const auto mark = static_cast<std::uint32_t>(bytes.below(256));
    const auto dst_mark = static_cast<std::uint32_t>(bytes.below(256));
    said.items.push_back({src, type, text, since, mark, dst_mark});
  }
  const std::string text = to_text(said, kNow);
  const Envelope envelope = parse_envelope(text, kNow);
  const auto* const read = std::get_if<Delivery>(&envelope);
  require(read != nullptr, "a delivery arrives");
  require(read->origin == said.origin && read->number == said.number && read->key == said.key &&
              read->dst == said.dst,
          "it arrives as it was said");
  require(read->items == said.items, "its messages arrive as they were said");
  const std::string cut = text.substr(0, text.size() - 1);
  require(std::holds_alternative<std::monostate>(parse_envelope(cut, kNow)),
          "half of it is nothing");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Bytes bytes(data, size);
  if (bytes.flip()) {
    say_and_read(bytes);
  } else {
    read_anything(bytes.rest());
  }
  return 0;
}
