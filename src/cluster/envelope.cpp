#include "peerjsd/cluster/envelope.hpp"

#include <charconv>
#include <cstddef>
#include <initializer_list>
#include <optional>
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
constexpr std::size_t kItem = 3;
constexpr std::size_t kBequestHead = 6;
constexpr std::string_view kAccepted = "accepted";

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

/// As to_string() has it.
core::MessageType type_of(std::string_view name) {
  using core::MessageType;
  const bool is_custom = name == core::to_string(MessageType::Custom);
  return is_custom ? MessageType::Custom : core::message_type(name);
}

Envelope parse_delivery(Parts parts) {
  if (parts.size() < kDeliveryHead || (parts.size() - kDeliveryHead) % kItem != 0) return {};
  Delivery delivery{parts[0], 0, parts[2], parts[3], {}};
  if (!read_number(parts[1], delivery.number)) return {};
  for (std::size_t i = kDeliveryHead; i < parts.size(); i += kItem) {
    const core::MessageType type = type_of(parts[i + 1]);
    if (type == core::MessageType::Unknown) return {};
    delivery.items.push_back({parts[i], type, parts[i + 2]});
  }
  return delivery;
}

Envelope parse_receipts(Parts parts) {
  if (parts.size() % 2 != 1) return {};
  Receipts receipts{parts[0], {}};
  for (std::size_t i = 1; i < parts.size(); i += 2) {
    Receipts::Item item{0, parts[i + 1] == kAccepted};
    if (!read_number(parts[i], item.number)) return {};
    receipts.items.push_back(item);
  }
  return receipts;
}

/// The first `count` of `rest`, which are taken off it; nothing if there are not so many.
std::optional<Parts> take(Parts& rest, std::string_view count) {
  std::size_t number = 0;
  if (!read_number(count, number) || number > rest.size()) return std::nullopt;
  const Parts taken = rest.first(number);
  rest = rest.subspan(number);
  return taken;
}

/// Each of a name, a type and a text. False: they are none.
template <class Message>
bool read_messages(Parts parts, std::vector<Message>& messages) {
  if (parts.size() % kItem != 0) return false;
  for (std::size_t i = 0; i < parts.size(); i += kItem) {
    const core::MessageType type = type_of(parts[i + 1]);
    if (type == core::MessageType::Unknown) return false;
    messages.push_back({std::string(parts[i]), type, std::string(parts[i + 2])});
  }
  return true;
}

Envelope parse_bequest(Parts parts) {
  if (parts.size() < kBequestHead) return {};
  Parts rest = parts.subspan(kBequestHead);
  const auto partners = take(rest, parts[3]);
  const auto texts = take(rest, parts[4]);
  const auto kept = take(rest, parts[5]);
  if (!partners || !texts || !kept) return {};
  Bequest bequest{parts[0], parts[1], parts[2], {}};
  core::Inheritance& inheritance = bequest.inheritance;
  inheritance.partners.assign(partners->begin(), partners->end());
  inheritance.texts.assign(texts->begin(), texts->end());
  if (!read_messages(*kept, inheritance.kept)) return {};
  if (!read_messages(rest, inheritance.sent)) return {};
  return bequest;
}

}  // namespace

Envelope parse_envelope(std::string_view text) {
  const auto all = split(text);
  if (!all || all->empty()) return {};
  const std::string_view kind = all->front();
  const Parts parts = Parts(*all).subspan(1);
  if (kind == "delivery") return parse_delivery(parts);
  if (kind == "receipts") return parse_receipts(parts);
  if (kind == "bequest") return parse_bequest(parts);
  if (kind == "fence" && parts.empty()) return Fence{};
  if (kind == "moved" && parts.size() == 3) return Moved{parts[0], parts[1], parts[2]};
  if (parts.size() != 2) return {};
  if (kind == "arrived") return Arrived{parts[0], parts[1]};
  if (kind == "challenged") return Challenged{parts[0], parts[1]};
  if (kind == "dismissed") return Dismissed{parts[0], parts[1]};
  return {};
}

std::string to_text(const Delivery& delivery) {
  std::string out = joined(
      {"delivery", delivery.origin, std::to_string(delivery.number), delivery.key, delivery.dst});
  for (const Delivery::Item& item : delivery.items) {
    append(out, item.src);
    append(out, core::to_string(item.type));
    append(out, item.text);
  }
  return out;
}

std::string to_text(const Receipts& receipts) {
  std::string out = joined({"receipts", receipts.receiver});
  for (const Receipts::Item& item : receipts.items) {
    append(out, std::to_string(item.number));
    append(out, item.is_accepted ? kAccepted : "absent");
  }
  return out;
}

std::string to_text(const Dismissed& dismissed) {
  return joined({"dismissed", dismissed.key, dismissed.id});
}

std::string to_text(Fence) {
  return joined({"fence"});
}

std::string to_text(const Bequest& bequest) {
  const auto& [partners, texts, all_kept, all_sent] = bequest.inheritance;
  std::string out =
      joined({"bequest", bequest.key, bequest.id, bequest.token, std::to_string(partners.size()),
              std::to_string(texts.size()), std::to_string(kItem * all_kept.size())});
  const auto append_message = [&out](std::string_view name, core::MessageType type,
                                     std::string_view text) {
    append(out, name);
    append(out, core::to_string(type));
    append(out, text);
  };
  for (const std::string& partner : partners) append(out, partner);
  for (const std::string& text : texts) append(out, text);
  for (const auto& [src, type, text] : all_kept) append_message(src, type, text);
  for (const auto& [dst, type, text] : all_sent) append_message(dst, type, text);
  return out;
}

}  // namespace peerjsd::cluster
