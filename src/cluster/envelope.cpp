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
constexpr std::size_t kBequestHead = 5;
constexpr std::string_view kAccepted = "accepted";

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

Envelope parse_delivery(Parts parts) {
  if (parts.size() < kDeliveryHead || (parts.size() - kDeliveryHead) % kItem != 0) return {};
  Delivery delivery{parts[0], 0, parts[2], parts[3], {}};
  if (!read_number(parts[1], delivery.number)) return {};
  for (std::size_t i = kDeliveryHead; i < parts.size(); i += kItem) {
    const core::MessageType type = core::message_type(parts[i + 1]);
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

Envelope parse_bequest(Parts parts) {
  if (parts.size() < kBequestHead) return {};
  std::size_t partners = 0;
  std::size_t texts = 0;
  if (!read_number(parts[3], partners) || !read_number(parts[4], texts)) return {};
  Parts rest = parts.subspan(kBequestHead);
  if (partners > rest.size() || texts > rest.size() - partners) return {};
  Bequest bequest{parts[0], parts[1], parts[2], {}};
  core::Inheritance& inheritance = bequest.inheritance;
  inheritance.partners.assign(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(partners));
  rest = rest.subspan(partners);
  inheritance.texts.assign(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(texts));
  rest = rest.subspan(texts);
  if (rest.size() % kItem != 0) return {};
  for (std::size_t i = 0; i < rest.size(); i += kItem) {
    const core::MessageType type = core::message_type(rest[i + 1]);
    if (type == core::MessageType::Unknown) return {};
    inheritance.sent.push_back({std::string(rest[i]), type, std::string(rest[i + 2])});
  }
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
  const auto& [partners, texts, all_sent] = bequest.inheritance;
  std::string out = joined({"bequest", bequest.key, bequest.id, bequest.token,
                            std::to_string(partners.size()), std::to_string(texts.size())});
  for (const std::string& partner : partners) append(out, partner);
  for (const std::string& text : texts) append(out, text);
  for (const core::Inheritance::Sent& sent : all_sent) {
    append(out, sent.dst);
    append(out, core::to_string(sent.type));
    append(out, sent.text);
  }
  return out;
}

}  // namespace peerjsd::cluster
