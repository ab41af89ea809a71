#include "peerjsd/core/message.hpp"

#include "peerjsd/core/json.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace peerjsd::core {
namespace {

// As JSON, in the order of MessageType.
constexpr std::array<std::string_view, 11> kTypes = {
    R"("OFFER")", R"("ANSWER")",   R"("CANDIDATE")", R"("LEAVE")",  R"("HEARTBEAT")", R"("OPEN")",
    R"("ERROR")", R"("ID-TAKEN")", R"("EXPIRE")",    R"("custom")", R"("unknown")"};

constexpr auto kTypeNames = [] {
  auto names = kTypes;
  for (std::string_view& name : names) name = name.substr(1, name.size() - 2);
  return names;
}();

constexpr auto kFirstWithoutName = kTypeNames.begin() + static_cast<int>(MessageType::Custom);

ParseError to_parse_error(json::ObjectScanner::Step step) {
  switch (step) {
    case json::ObjectScanner::Step::NotAnObject:
      return ParseError::NotAnObject;
    case json::ObjectScanner::Step::TooDeep:
      return ParseError::TooDeep;
    default:
      return ParseError::NotJson;
  }
}

bool is_string(std::string_view raw) {
  return raw.starts_with('"');
}

// A well-formed literal's meaning; in `scratch` only if it has escapes.
std::string_view decoded(std::string_view literal, std::string& scratch) {
  if (literal.find('\\') == std::string_view::npos) return literal.substr(1, literal.size() - 2);
  scratch = json::unquote(literal).value_or(std::string());
  return scratch;
}

// As JavaScript sees a value that is not a string.
bool is_falsy(std::string_view raw) {
  if (raw.empty() || raw == "null" || raw == "false") return true;
  const auto mantissa = raw.substr(0, raw.find_first_of("eE"));
  return mantissa.find_first_not_of("-0.") == std::string_view::npos;
}

}  // namespace

std::string_view to_string(MessageType type) {
  return kTypeNames[static_cast<std::size_t>(type)];
}

MessageType message_type(std::string_view name) {
  const auto found = std::find(kTypeNames.begin(), kFirstWithoutName, name);
  if (found == kFirstWithoutName) return MessageType::Unknown;
  return static_cast<MessageType>(found - kTypeNames.begin());
}

std::string_view to_string(ParseError error) {
  switch (error) {
    case ParseError::NotUtf8:
      return "not valid UTF-8";
    case ParseError::NotJson:
      return "not JSON";
    case ParseError::NotAnObject:
      return "not a JSON object";
    case ParseError::TooDeep:
      return "nested too deeply";
  }
  return "";
}

std::variant<ClientMessage, ParseError> MessageParser::parse(std::string_view text) {
  if (!json::is_valid_utf8(text)) return ParseError::NotUtf8;
  using Step = json::ObjectScanner::Step;
  std::string_view type, dst, payload;
  json::ObjectScanner members(text);
  Step step;
  while ((step = members.next()) == Step::Member) {
    if (members.key() == "type") type = members.value();
    if (members.key() == "dst") dst = members.value();
    if (members.key() == "payload") payload = members.value();
  }
  if (step != Step::End) return to_parse_error(step);
  ClientMessage message{MessageType::Unknown, {}, {}, {}, payload, !type.empty()};
  if (is_string(type)) {
    message.type_name = decoded(type, type_name_);
    message.type = message_type(message.type_name);
  }
  set_dst(message, dst);
  return message;
}

void MessageParser::set_dst(ClientMessage& message, std::string_view raw) {
  if (!is_string(raw)) {
    if (!is_falsy(raw)) message.dst_json = raw;
    return;
  }
  message.dst = decoded(raw, dst_);
  if (message.dst.empty()) return;
  message.dst_json = raw;
  const bool had_escapes = message.dst.size() + 2 != raw.size();
  if (had_escapes) {
    dst_json_.clear();
    json::append_quoted(dst_json_, message.dst);
    message.dst_json = dst_json_;
  }
}

std::string leave_text(std::string_view src, std::string_view dst) {
  std::string text;
  append_message(text, MessageType::Leave, json::quoted(src), json::quoted(dst), {});
  return text;
}

void append_message(std::string& out, MessageType type, std::string_view src_json,
                    std::string_view dst_json, std::string_view payload) {
  append_message(out, kTypes[static_cast<std::size_t>(type)], src_json, dst_json, payload);
}

void append_message(std::string& out, std::string_view type_json, std::string_view src_json,
                    std::string_view dst_json, std::string_view payload) {
  constexpr std::string_view punctuation = R"({"type":,"src":,"dst":,"payload":})";
  out.reserve(out.size() + punctuation.size() + type_json.size() + src_json.size() +
              dst_json.size() + payload.size());
  out += R"({"type":)";
  out += type_json;
  const auto append_member = [&out](std::string_view key, std::string_view value) {
    if (value.empty()) return;
    out += key;
    out += value;
  };
  append_member(R"(,"src":)", src_json);
  append_member(R"(,"dst":)", dst_json);
  append_member(R"(,"payload":)", payload);
  out += '}';
}

std::string error_text(std::string_view msg) {
  std::string payload = R"({"msg":)";
  json::append_quoted(payload, msg);
  payload += '}';
  std::string text;
  append_message(text, MessageType::Error, {}, {}, payload);
  return text;
}

}  // namespace peerjsd::core
