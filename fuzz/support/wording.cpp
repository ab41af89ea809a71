#include "support/wording.hpp"

#include <array>
#include <cstddef>
#include <utility>

namespace peerjsd::fuzz {
namespace {

using core::Receipt;

struct Destination {
  std::string_view written;  // by the client
  std::string_view json;     // by the server; empty: there is none
  std::string_view id;       // empty: it is none
};

constexpr std::array<Destination, 13> kDestinations = {{
    {R"("a")", R"("a")", "a"},
    {R"("b")", R"("b")", "b"},
    {R"("5")", R"("5")", "5"},
    {R"("\"\n")", R"("\"\n")", "\"\n"},
    {R"("nobody")", R"("nobody")", "nobody"},
    {R"("\u0061")", R"("a")", "a"},
    {R"("\u0022\u000a")", R"("\"\n")", "\"\n"},
    {"5", "5", ""},
    {R"({"id":"a"})", R"({"id":"a"})", ""},
    {R"("")", "", ""},
    {"null", "", ""},
    {"0", "", ""},
    {"", "", ""},
}};

constexpr std::array<std::string_view, 12> kTypes = {"OFFER",    "CHAT",      "ANSWER", "CANDIDATE",
                                                     "LEAVE",    "HEARTBEAT", "EXPIRE", "OPEN",
                                                     "ID-TAKEN", "ERROR",     "offer",  ""};

Phrase read_nonsense(Bytes& bytes) {
  static const std::string deep = std::string(600, '[') + std::string(600, ']');
  static const std::array<std::pair<std::string, Receipt>, 6> kinds = {
      {{"", Receipt::NotJson},
       {R"({"type":"OFFER",})", Receipt::NotJson},
       {"null", Receipt::NotAnObject},
       {R"(["OFFER"])", Receipt::NotAnObject},
       {"{\"type\":\"\xC0\"}", Receipt::NotUtf8},
       {deep, Receipt::TooDeep}}};
  const auto& [text, flaw] = bytes.one_of(kinds);
  return {text, {flaw, {}, {}, {}, {}, {}}};
}

std::string in_words(std::string_view type, std::string_view dst, std::string_view payload,
                     std::size_t style) {
  std::string text = style == 2 ? R"({ "src":"b")" : R"({"src":"nobody")";
  const auto add = [&](const std::string& name, std::string_view value) {
    if (!value.empty()) text += ",\n" + name + " :\t" + std::string(value);
  };
  if (style == 3) add(R"("extra")", R"({"type":"LEAVE","dst":"b"})");
  if (style == 4 && !dst.empty()) add(R"("dst")", R"("nobody")");  // the last one counts
  if (!type.empty()) add(R"("type")", "\"" + std::string(type) + "\"");
  add(style == 5 ? R"("\u0064st")" : R"("dst")", dst);
  add(R"("payload")", payload);
  return text + " }";
}

}  // namespace

Phrase read_phrase(Bytes& bytes, std::string_view payload) {
  const std::size_t style = bytes.below(8);
  if (style == 0) return read_nonsense(bytes);
  if (style == 1) payload = {};
  const std::string_view type = bytes.one_of(kTypes);
  const Destination& dst = bytes.one_of(kDestinations);
  Meaning meaning{
      {}, {}, std::string(type), std::string(dst.json), std::string(dst.id), std::string(payload)};
  if (!type.empty()) meaning.type = core::message_type(type);
  return {in_words(type, dst.written, payload, style), std::move(meaning)};
}

}  // namespace peerjsd::fuzz
