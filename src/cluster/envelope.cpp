#include "peerjsd/cluster/envelope.hpp"

#include "peerjsd/core/number.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <utility>

namespace peerjsd::cluster {
namespace {

void append(std::string& out, std::string_view text) {
  out += std::to_string(text.size());
  out += ':';
  out += text;
}

std::string joined(std::initializer_list<std::string_view> texts) {
  std::string out;
  for (const std::string_view text : texts) append(out, text);
  return out;
}

/// Cuts a text into its netstrings; nothing if it is not made of such.
std::optional<std::vector<std::string_view>> split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    std::size_t size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (!text.starts_with(':') || text.size() - 1 < size) return std::nullopt;
    parts.push_back(text.substr(1, size));
    text.remove_prefix(1 + size);
  }
  return parts;
}

using Parts = std::span<const std::string_view>;

constexpr std::size_t kDeliveryHead = 4;
constexpr std::size_t kMessage = 5;
constexpr std::size_t kMarked = kMessage + 1;
constexpr std::size_t kReceipt = 3;
constexpr std::size_t kPartner = 2;
constexpr std::size_t kBequestHead = 5;
constexpr std::uint32_t kLongestWait = std::numeric_limits<std::uint32_t>::max();
constexpr std::string_view kAccepted = "accepted";

/// As to_string() has it.
core::MessageType type_of(std::string_view name) {
  using core::MessageType;
  const bool is_custom = name == core::to_string(MessageType::Custom);
  return is_custom ? MessageType::Custom : core::message_type(name);
}

/// What a peer itself has sent is not: whose that is, is known.
template <class Message>
concept Marked = requires(Message message) {
  message.mark;
};

/// `name`: of whom it is from, or for.
void append_message(std::string& out, std::string_view name, const auto& message,
                    core::Instant now) {
  const core::Duration waited = now - message.since;
  append(out, name);
  append(out, core::to_string(message.type));
  append(out, std::to_string(std::clamp<core::Duration::rep>(waited.count(), 0, kLongestWait)));
  append(out, message.text);
  append(out, std::to_string(message.dst_mark));
}

void append_marked(std::string& out, const Marked auto& message, core::Instant now) {
  append_message(out, message.src, message, now);
  append(out, std::to_string(message.mark));
}

/// False: they are no messages.
template <class Message>
bool read_messages(Parts parts, core::Instant now, std::vector<Message>& messages) {
  using Text = decltype(Message::text);
  constexpr std::size_t size = Marked<Message> ? kMarked : kMessage;
  if (parts.size() % size != 0) return false;
  for (; !parts.empty(); parts = parts.subspan(size)) {
    const core::MessageType type = type_of(parts[1]);
    std::uint32_t waited = 0;
    if (type == core::MessageType::Unknown || !core::read_number(parts[2], waited)) return false;
    messages.push_back({Text(parts[0]), type, Text(parts[3]), now - core::Duration(waited)});
    if (!core::read_number(parts[4], messages.back().dst_mark)) return false;
    if constexpr (Marked<Message>) {
      if (!core::read_number(parts[5], messages.back().mark)) return false;
    }
  }
  return true;
}

Envelope parse_delivery(Parts parts, core::Instant now) {
  if (parts.size() < kDeliveryHead) return {};
  Delivery delivery{parts[0], 0, parts[2], parts[3], {}};
  if (!core::read_number(parts[1], delivery.number)) return {};
  if (!read_messages(parts.subspan(kDeliveryHead), now, delivery.items)) return {};
  return delivery;
}

Envelope parse_receipts(Parts parts) {
  if (parts.size() % kReceipt != 1) return {};
  Receipts receipts{parts[0], {}};
  for (parts = parts.subspan(1); !parts.empty(); parts = parts.subspan(kReceipt)) {
    Receipts::Item item{0, parts[1] == kAccepted};
    if (!core::read_number(parts[0], item.number)) return {};
    if (!core::read_number(parts[2], item.dst_mark)) return {};
    receipts.items.push_back(item);
  }
  return receipts;
}

/// The first `count` of `rest`, which are taken off it; nothing if there are not so many.
std::optional<Parts> take(Parts& rest, std::string_view count) {
  std::size_t number = 0;
  if (!core::read_number(count, number) || number > rest.size()) return std::nullopt;
  const Parts taken = rest.first(number);
  rest = rest.subspan(number);
  return taken;
}

/// False: they are none.
bool read_partners(Parts parts, std::vector<core::PartnerElsewhere>& partners) {
  if (parts.size() % kPartner != 0) return false;
  for (; !parts.empty(); parts = parts.subspan(kPartner)) {
    partners.push_back({std::string(parts[0])});
    if (!core::read_number(parts[1], partners.back().mark)) return false;
  }
  return true;
}

Envelope parse_bequest(Parts parts, core::Instant now) {
  if (parts.size() < kBequestHead) return {};
  Parts rest = parts.subspan(kBequestHead);
  const auto partners = take(rest, parts[3]);
  const auto kept = take(rest, parts[4]);
  if (!partners || !kept) return {};
  Bequest bequest{parts[0], parts[1], parts[2], {}};
  core::Inheritance& inheritance = bequest.inheritance;
  if (!read_partners(*partners, inheritance.partners)) return {};
  if (!read_messages(*kept, now, inheritance.kept)) return {};
  if (!read_messages(rest, now, inheritance.sent)) return {};
  return bequest;
}

}  // namespace

Envelope parse_envelope(std::string_view text, core::Instant now) {
  const auto all = split(text);
  if (!all || all->empty()) return {};
  const std::string_view kind = all->front();
  const Parts parts = Parts(*all).subspan(1);
  if (kind == "delivery") return parse_delivery(parts, now);
  if (kind == "receipts") return parse_receipts(parts);
  if (kind == "bequest") return parse_bequest(parts, now);
  if (kind == "fence" && parts.empty()) return Fence{};
  if (kind == "moved" && parts.size() == 3) return Moved{parts[0], parts[1], parts[2]};
  if (parts.size() != 2) return {};
  if (kind == "arrived") return Arrived{parts[0], parts[1]};
  if (kind == "challenged") return Challenged{parts[0], parts[1]};
  if (kind == "dismissed") return Dismissed{parts[0], parts[1]};
  return {};
}

std::string to_text(const Delivery& delivery, core::Instant now) {
  std::string out = joined(
      {"delivery", delivery.origin, std::to_string(delivery.number), delivery.key, delivery.dst});
  for (const Delivery::Item& item : delivery.items) append_marked(out, item, now);
  return out;
}

std::string to_text(const Receipts& receipts) {
  std::string out = joined({"receipts", receipts.receiver});
  for (const Receipts::Item& item : receipts.items) {
    append(out, std::to_string(item.number));
    append(out, item.is_accepted ? kAccepted : "absent");
    append(out, std::to_string(item.dst_mark));
  }
  return out;
}

std::string to_text(const Dismissed& dismissed) {
  return joined({"dismissed", dismissed.key, dismissed.id});
}

std::string to_text(Fence) {
  return joined({"fence"});
}

std::string to_text(const Bequest& bequest, core::Instant now) {
  const auto& [partners, all_kept, all_sent] = bequest.inheritance;
  std::string out = joined({"bequest", bequest.key, bequest.id, bequest.token,
                            std::to_string(kPartner * partners.size()),
                            std::to_string(kMarked * all_kept.size())});
  for (const core::PartnerElsewhere& partner : partners) {
    append(out, partner.id);
    append(out, std::to_string(partner.mark));
  }
  for (const core::Inheritance::Kept& kept : all_kept) append_marked(out, kept, now);
  for (const core::Inheritance::Sent& sent : all_sent) append_message(out, sent.dst, sent, now);
  return out;
}

}  // namespace peerjsd::cluster
