// The parser takes what nlohmann's takes, and finds the same members; what it writes is JSON again.

#include "peerjsd/core/message.hpp"

#include "peerjsd/core/json.hpp"
#include "support/require.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include <nlohmann/json.hpp>

using namespace peerjsd::core;
using Json = nlohmann::json;
using peerjsd::fuzz::require;

namespace {

/// nlohmann refuses surrogates without partner, which JSON.parse takes.
bool may_have_lone_surrogates(std::string_view text) {
  return text.find("\\u") != text.npos;
}

/// Numbers out of the range of a double are JSON all the same, though nlohmann refuses them.
bool is_out_of_range(std::string_view text) {
  try {
    [[maybe_unused]] const Json json = Json::parse(text);
    return false;
  } catch (const Json::out_of_range&) {
    return true;
  } catch (const Json::exception&) {
    return false;
  }
}

void check_members(const ClientMessage& message, const Json& object) {
  const auto type = object.find("type");
  require(message.has_type == (type != object.end()), "has_type");
  if (type != object.end() && type->is_string()) {
    require(message.type_name == type->get<std::string>(), "type's name");
    require(message.type == message_type(message.type_name), "type");
  } else {
    require(message.type == MessageType::Unknown && message.type_name.empty(), "no type");
  }
  const auto payload = object.find("payload");
  require(message.payload.empty() == (payload == object.end()), "payload");
  if (!message.payload.empty())
    require(Json::parse(message.payload) == *payload, "payload's value");
  const auto dst = object.find("dst");
  if (dst == object.end() || !dst->is_string()) return require(message.dst.empty(), "no dst");
  require(message.dst == dst->get<std::string>(), "dst");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.find('\0') != text.npos) return 0;  // for nlohmann the end of the text
  MessageParser parser;
  const auto parsed = parser.parse(text);
  if (const auto* const error = std::get_if<ParseError>(&parsed)) {
    if (*error == ParseError::TooDeep) return 0;
    const Json theirs = Json::parse(text, nullptr, false);
    if (*error == ParseError::NotAnObject) {
      const bool excused = may_have_lone_surrogates(text) || is_out_of_range(text);
      require(!theirs.is_object() && (!theirs.is_discarded() || excused), "no object");
    } else {
      require(theirs.is_discarded(), "refused, but JSON");
    }
    return 0;
  }
  if (is_out_of_range(text)) return 0;
  const Json theirs = Json::parse(text, nullptr, false);
  if (theirs.is_discarded()) {
    require(may_have_lone_surrogates(text), "taken, but no JSON");
    return 0;
  }
  const auto& message = std::get<ClientMessage>(parsed);
  check_members(message, theirs);
  if (message.type_name.empty() || message.dst_json.empty()) return 0;
  std::string out;
  if (message.type == MessageType::Unknown) {
    const std::string type_json = json::quoted(message.type_name);
    append_message(out, type_json, R"("src")", message.dst_json, message.payload);
  } else {
    append_message(out, message.type, R"("src")", message.dst_json, message.payload);
  }
  require(!Json::parse(out, nullptr, false).is_discarded(), "written as JSON");
  return 0;
}
