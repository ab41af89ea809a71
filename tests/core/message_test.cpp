#include "peerjsd/core/message.hpp"

#include "peerjsd/core/json.hpp"

#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace peerjsd::core {
namespace {

// What parse() found, with texts of its own.
struct Parsed {
  std::string error;  // empty: none
  MessageType type = MessageType::Unknown;
  std::string type_name;
  std::string dst;
  std::string dst_json;
  std::string payload;
};

Parsed parse(MessageParser& parser, std::string_view text) {
  // A heap block of exactly its size: the address sanitizer sees a read beyond it.
  const std::vector<char> copy(text.begin(), text.end());
  const auto result = parser.parse({copy.data(), copy.size()});
  Parsed found;
  if (const auto* error = std::get_if<ParseError>(&result)) {
    found.error = to_string(*error);
  } else {
    const auto& message = std::get<ClientMessage>(result);
    found.type = message.type;
    found.type_name = message.type_name;
    found.dst = message.dst;
    found.dst_json = message.dst_json;
    found.payload = message.payload;
  }
  return found;
}

Parsed parse(std::string_view text) {
  MessageParser parser;
  return parse(parser, text);
}

std::string message(MessageType type, std::string_view src_json, std::string_view dst_json,
                    std::string_view payload) {
  std::string out;
  append_message(out, type, src_json, dst_json, payload);
  return out;
}

const std::string kFingerprint =
    "a=fingerprint:sha-256 "
    "75:74:5A:A6:A4:E5:52:F4:A7:67:4C:01:C7:EE:91:3F:21:3D:A2:E3:53:7B:6F:30:86:F2:30:AA:65:FB:04:"
    "24";

// As Chromium writes it for a call with sound and picture.
const std::vector<std::string> kSdpLines = {
    "v=0",
    "o=- 4611731400430051336 2 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    "a=group:BUNDLE 0 1",
    "a=extmap-allow-mixed",
    "a=msid-semantic: WMS 7f2d9c1e-51f0-4b9e-9a10-0b7c2f9d4e55",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126",
    "c=IN IP4 0.0.0.0",
    "a=rtcp:9 IN IP4 0.0.0.0",
    "a=ice-ufrag:4ZcD",
    "a=ice-pwd:2/1muCWoOi3uLifh0NuRHlkT",
    "a=ice-options:trickle",
    kFingerprint,
    "a=setup:actpass",
    "a=mid:0",
    "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
    "a=sendrecv",
    "a=msid:7f2d9c1e-51f0-4b9e-9a10-0b7c2f9d4e55 5d0b6ad5-6f0c-4a4c-8f5d-4b3df0f3a0a1",
    "a=rtcp-mux",
    "a=rtcp-rsize",
    "a=rtpmap:111 opus/48000/2",
    "a=rtcp-fb:111 transport-cc",
    "a=fmtp:111 minptime=10;useinbandfec=1",
    "a=rtpmap:63 red/48000/2",
    "a=fmtp:63 111/111",
    "a=rtpmap:9 G722/8000",
    "a=rtpmap:0 PCMU/8000",
    "a=rtpmap:8 PCMA/8000",
    "a=rtpmap:13 CN/8000",
    "a=rtpmap:110 telephone-event/48000",
    "a=rtpmap:126 telephone-event/8000",
    "a=ssrc:2485877649 cname:Tf3LnJwwJc0lgnxC",
    "a=ssrc:2485877649 msid:7f2d9c1e-51f0-4b9e-9a10-0b7c2f9d4e55 5d0b6ad5-6f0c-4a4c-8f5d-4b3df0f3",
    "m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 104 105 45 46 98 99",
    "c=IN IP4 0.0.0.0",
    "a=rtcp:9 IN IP4 0.0.0.0",
    "a=ice-ufrag:4ZcD",
    "a=ice-pwd:2/1muCWoOi3uLifh0NuRHlkT",
    "a=ice-options:trickle",
    kFingerprint,
    "a=setup:actpass",
    "a=mid:1",
    "a=extmap:14 urn:ietf:params:rtp-hdrext:toffset",
    "a=extmap:13 urn:3gpp:video-orientation",
    "a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
    "a=extmap:6 http://www.webrtc.org/experiments/rtp-hdrext/video-content-type",
    "a=sendrecv",
    "a=rtcp-mux",
    "a=rtcp-rsize",
    "a=rtpmap:96 VP8/90000",
    "a=rtcp-fb:96 goog-remb",
    "a=rtcp-fb:96 transport-cc",
    "a=rtcp-fb:96 ccm fir",
    "a=rtcp-fb:96 nack",
    "a=rtcp-fb:96 nack pli",
    "a=rtpmap:97 rtx/90000",
    "a=fmtp:97 apt=96",
    "a=rtpmap:102 H264/90000",
    "a=rtcp-fb:102 goog-remb",
    "a=rtcp-fb:102 nack pli",
    "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f",
    "a=rtpmap:103 rtx/90000",
    "a=fmtp:103 apt=102",
    "a=rtpmap:98 VP9/90000",
    "a=rtcp-fb:98 goog-remb",
    "a=rtcp-fb:98 transport-cc",
    "a=rtcp-fb:98 ccm fir",
    "a=rtcp-fb:98 nack",
    "a=rtcp-fb:98 nack pli",
    "a=fmtp:98 profile-id=0",
    "a=rtpmap:99 rtx/90000",
    "a=fmtp:99 apt=98",
    "a=rtpmap:45 AV1/90000",
    "a=fmtp:45 level-idx=5;profile=0;tier=0",
    "a=ssrc-group:FID 1345972118 3012483955",
    "a=ssrc:1345972118 cname:Tf3LnJwwJc0lgnxC",
    "a=ssrc:3012483955 cname:Tf3LnJwwJc0lgnxC",
};

std::string offer_payload(std::size_t sdp_lines = kSdpLines.size()) {
  std::string sdp;
  for (std::size_t i = 0; i < sdp_lines; ++i) sdp += kSdpLines[i] + R"(\r\n)";
  return R"({"sdp":{"type":"offer","sdp":")" + sdp +
         R"("},"type":"media","connectionId":"mc_k3h2j4h5k6","metadata":{"name":"Zo\u00eb",)"
         R"("emoji":")"
         "\U0001f600"
         R"(","volume":-0.75e+1,"tags":["a",true,null,{}]}})";
}

// In the order in which peerjs 1.5.5 writes it.
std::string offer_text(std::size_t sdp_lines = kSdpLines.size()) {
  return R"({"type":"OFFER","payload":)" + offer_payload(sdp_lines) +
         R"(,"dst":"8d1f3d0e-90c5-4f8e-9d62-1b0b4a3e7f11"})";
}

const std::string kCandidatePayload =
    R"({"candidate":{"candidate":"candidate:1467250027 1 udp 2122260223 192.168.0.196 46243 typ )"
    R"(host generation 0 ufrag 4ZcD network-id 1","sdpMLineIndex":0,"sdpMid":"0",)"
    R"("usernameFragment":"4ZcD"},"type":"media","connectionId":"mc_k3h2j4h5k6"})";

TEST(Message, NamesEveryTypeAsOnTheWire) {
  const std::vector<std::pair<MessageType, std::string>> names = {
      {MessageType::Offer, "OFFER"},         {MessageType::Answer, "ANSWER"},
      {MessageType::Candidate, "CANDIDATE"}, {MessageType::Leave, "LEAVE"},
      {MessageType::Heartbeat, "HEARTBEAT"}, {MessageType::Open, "OPEN"},
      {MessageType::Error, "ERROR"},         {MessageType::IdTaken, "ID-TAKEN"},
      {MessageType::Expire, "EXPIRE"}};
  for (const auto& [type, name] : names) {
    EXPECT_EQ(to_string(type), name);
    EXPECT_EQ(message_type(name), type) << name;
    EXPECT_EQ(parse(R"({"type":")" + name + R"("})").type, type) << name;
  }
  EXPECT_EQ(to_string(MessageType::Custom), "custom");
  EXPECT_EQ(to_string(MessageType::Unknown), "unknown");
}

TEST(Message, TakesOtherTypesForUnknown) {
  for (const auto* name :
       {"", "offer", "OFFERS", "OFFE", " OFFER", "custom", "unknown", "HTTP-ERROR", "ID_TAKEN"}) {
    EXPECT_EQ(message_type(name), MessageType::Unknown) << name;
    EXPECT_EQ(parse(R"({"type":")" + std::string(name) + R"("})").type_name, name);
  }
  for (const auto* text :
       {"{}", R"({"type":null})", R"({"type":5})", R"({"type":["OFFER"]})", R"({"type":"PING"})",
        R"({"TYPE":"OFFER"})", R"({"x":{"type":"OFFER"}})"}) {
    const auto result = parse(text);
    EXPECT_EQ(result.error, "") << text;
    EXPECT_EQ(result.type, MessageType::Unknown) << text;
  }
}

TEST(Message, ReadsAnOffer) {
  const auto text = offer_text();
  ASSERT_GT(text.size(), 3000U);
  const auto result = parse(text);
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(result.type, MessageType::Offer);
  EXPECT_EQ(result.dst, "8d1f3d0e-90c5-4f8e-9d62-1b0b4a3e7f11");
  EXPECT_EQ(result.dst_json, R"("8d1f3d0e-90c5-4f8e-9d62-1b0b4a3e7f11")");
  EXPECT_EQ(result.payload, offer_payload());
}

TEST(Message, ReadsMembersInAnyOrderAndIgnoresOthers) {
  const auto result = parse(
      R"({"src":"forged","dst":"b","x":{"dst":"c","payload":0},"payload":{"dst":"d"},"type":"ANSWER"})");
  EXPECT_EQ(result.type, MessageType::Answer);
  EXPECT_EQ(result.dst, "b");
  EXPECT_EQ(result.payload, R"({"dst":"d"})");
}

TEST(Message, ReadsKeysAndTypesWrittenWithEscapes) {
  const auto result =
      parse(R"({"\u0074ype":"\u004fFFER","\u0064st":"b","p\u0061yload":1,"pay\\load":2})");
  EXPECT_EQ(result.type, MessageType::Offer);
  EXPECT_EQ(result.dst, "b");
  EXPECT_EQ(result.payload, "1");
}

TEST(Message, TellsTheNameOfATypeWhateverItIs) {
  MessageParser parser;
  EXPECT_EQ(parse(parser, R"({"type":"OFFER"})").type_name, "OFFER");
  EXPECT_EQ(parse(parser, R"({"type":"\u0043H\"AT","dst":"\u0062"})").type_name, "CH\"AT");
  for (const auto* none : {"{}", R"({"type":5})", R"({"type":null})", R"({"type":["CHAT"]})"}) {
    EXPECT_EQ(parse(parser, none).type_name, "") << none;
  }
}

TEST(Message, LetsTheLastOfSeveralMembersCount) {
  const auto result =
      parse(R"({"type":"OFFER","dst":"a","payload":1,"\u0074ype":"LEAVE","dst":"b","payload":2})");
  EXPECT_EQ(result.type, MessageType::Leave);
  EXPECT_EQ(result.dst, "b");
  EXPECT_EQ(result.payload, "2");
  EXPECT_EQ(parse(R"({"type":"OFFER","type":1})").type, MessageType::Unknown);
  EXPECT_EQ(parse(R"({"dst":"a","dst":null})").dst_json, "");
}

TEST(Message, KeepsThePayloadByteForByte) {
  for (const auto* payload :
       {"null", "0", "-0.0", "1e400", "100000000000000000000", "0.10000000000000000000001", "true",
        R"("")", R"("\ud800")", R"("\u0041\/\u00e9")", "\"\u00e9\u2028\"", "[ 1 ,\t2 ]", "{ }",
        R"({"a":1,"a":2,"__proto__":{}})", "[[[[]]]]"}) {
    const auto text = std::string(R"({"type":"OFFER","payload": )") + payload + R"( ,"dst":"b"})";
    EXPECT_EQ(parse(text).payload, payload);
  }
}

TEST(Message, TellsNoPayloadFromNull) {
  EXPECT_EQ(parse(R"({"type":"OFFER"})").payload, "");
  EXPECT_EQ(parse(R"({"type":"OFFER","payload":null})").payload, "null");
}

TEST(Message, TakesFalsyDestinationsForNone) {
  for (const auto* dst :
       {"null", R"("")", "false", "0", "-0", "0.0", "-0.000", "0e5", "0E-7", "0.0e+9"}) {
    const auto result = parse(std::string(R"({"type":"OFFER","dst":)") + dst + "}");
    EXPECT_EQ(result.error, "") << dst;
    EXPECT_EQ(result.dst, "") << dst;
    EXPECT_EQ(result.dst_json, "") << dst;
  }
  EXPECT_EQ(parse(R"({"type":"OFFER"})").dst_json, "");
}

TEST(Message, KeepsTruthyDestinationsThatAreNoStrings) {
  for (const auto* dst : {"true", "5", "-1", "0.01", "10", "1e5", "[]", "{}", "[ 0 ]", R"(["b"])",
                          R"({"dst":"b"})"}) {
    const auto result = parse(std::string(R"({"type":"OFFER","dst":)") + dst + "}");
    EXPECT_EQ(result.dst, "") << dst;
    EXPECT_EQ(result.dst_json, dst) << dst;
  }
}

TEST(Message, DecodesADestinationAndQuotesItCanonically) {
  const std::vector<std::vector<std::string>> cases = {
      {R"("a b-c_d")", "a b-c_d", R"("a b-c_d")"},
      {R"("\u0061\/b")", "a/b", R"("a/b")"},
      {R"("a\"b\\c\u000a")", "a\"b\\c\n", R"("a\"b\\c\n")"},
      {R"("\u0000")", std::string("\0", 1), R"("\u0000")"},
      {R"("\ud83d\ude00")", "\U0001f600", "\"\U0001f600\""},
      {R"("\ud83d")", "\ufffd", "\"\ufffd\""},
      {"\"\u00e9\"", "\u00e9", "\"\u00e9\""},
      {R"("__proto__")", "__proto__", R"("__proto__")"},
      {R"("0")", "0", R"("0")"},
      {R"(" ")", " ", R"(" ")"},
  };
  MessageParser parser;
  for (const auto& dst : cases) {
    const auto result = parse(parser, R"({"type":"OFFER","dst":)" + dst[0] + "}");
    EXPECT_EQ(result.dst, dst[1]) << dst[0];
    EXPECT_EQ(result.dst_json, dst[2]) << dst[0];
  }
}

TEST(Message, HandsOutSlicesOfTheTextUnlessTheDestinationHasEscapes) {
  const std::string text = R"({"type":"OFFER","dst":"b","payload":[1]})";
  MessageParser parser;
  const auto message = std::get<ClientMessage>(parser.parse(text));
  EXPECT_EQ(message.dst.data(), text.data() + text.find("b\""));
  EXPECT_EQ(message.dst_json.data(), text.data() + text.find("\"b\""));
  EXPECT_EQ(message.payload.data(), text.data() + text.find("[1]"));
}

TEST(Message, ForgetsTheMessageBefore) {
  MessageParser parser;
  parse(parser, R"({"type":"OFFER","dst":"\u0061","payload":1})");
  const auto result = parse(parser, R"({"type":"LEAVE"})");
  EXPECT_EQ(result.type, MessageType::Leave);
  EXPECT_EQ(result.dst, "");
  EXPECT_EQ(result.dst_json, "");
  EXPECT_EQ(result.payload, "");
}

TEST(Message, SaysWhatIsWrongWithAText) {
  for (const auto* text :
       {"", "hello", "{", R"({"type":"OFFER"} x)", R"({"type":"OFFER","payload":01})",
        R"({"type":"OFFER",})", "{\"type\":\"OFF\nER\"}", "\xef\xbb\xbf{}", "[1,]"}) {
    EXPECT_EQ(parse(text).error, "not JSON") << text;
  }
  EXPECT_EQ(std::get<ParseError>(MessageParser().parse({})), ParseError::NotJson);
  for (const auto* text : {"[]", "null", "5", R"("x")", " true "}) {
    EXPECT_EQ(parse(text).error, "not a JSON object") << text;
  }
  const auto nested = [](std::size_t depth) {
    return R"({"payload":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
  };
  EXPECT_EQ(parse(nested(json::kMaxDepth)).error, "");
  EXPECT_EQ(parse(nested(json::kMaxDepth + 1)).error, "nested too deeply");
}

TEST(Message, PutsInvalidUtf8BeforeEveryOtherError) {
  for (const auto* text :
       {"\xff", "hello\xff", "[\"\xff\"]", "{\"type\":\"OFFER\",\"payload\":\"\xed\xa0\x80\"}",
        "{\"x\":\"\xc3\"}"}) {
    EXPECT_EQ(parse(text).error, "not valid UTF-8") << text;
  }
  EXPECT_EQ(parse(std::string(10'000, '[') + "\xff").error, "not valid UTF-8");
}

bool agrees_with_nlohmann(MessageParser& parser, const std::string& text) {
  return parse(parser, text).error.empty() == nlohmann::json::accept(text);
}

TEST(Message, AgreesWithNlohmannOnEveryPrefixOfAnOffer) {
  MessageParser parser;
  const auto text = offer_text();
  for (std::size_t size = 0; size <= text.size(); ++size) {
    ASSERT_TRUE(agrees_with_nlohmann(parser, text.substr(0, size))) << size;
  }
}

TEST(Message, AgreesWithNlohmannOnEverySubstitutedByteOfAnOffer) {
  MessageParser parser;
  // Lines of an SDP are alike, and each costs thousands of parses.
  auto text = offer_text(10);
  for (char& byte : text) {
    const char original = byte;
    for (const char other : std::string_view("\"\\{],0\x1f\xc3")) {
      byte = other;
      ASSERT_TRUE(agrees_with_nlohmann(parser, text)) << text;
    }
    byte = original;
  }
}

TEST(Message, WritesMembersInOrderAndLeavesOutEmptyOnes) {
  EXPECT_EQ(message(MessageType::Offer, R"("a")", R"("b")", R"({"x":1})"),
            R"({"type":"OFFER","src":"a","dst":"b","payload":{"x":1}})");
  EXPECT_EQ(message(MessageType::Leave, R"("a")", R"("b")", ""),
            R"({"type":"LEAVE","src":"a","dst":"b"})");
  EXPECT_EQ(message(MessageType::Expire, "5", R"("b")", ""),
            R"({"type":"EXPIRE","src":5,"dst":"b"})");
  EXPECT_EQ(message(MessageType::Answer, "", R"("b")", "null"),
            R"({"type":"ANSWER","dst":"b","payload":null})");
  EXPECT_EQ(message(MessageType::Candidate, R"("a")", "", "1"),
            R"({"type":"CANDIDATE","src":"a","payload":1})");
  EXPECT_EQ(message(MessageType::Open, "", "", ""), kOpenText);
  EXPECT_EQ(message(MessageType::IdTaken, "", "", R"({"msg":"ID is taken"})"), kIdTakenText);
}

TEST(Message, WritesATypeThatIsGivenAsJson) {
  std::string out;
  append_message(out, R"("C\"T")", R"("a")", R"("b")", "{ }");
  EXPECT_EQ(out, R"({"type":"C\"T","src":"a","dst":"b","payload":{ }})");
}

TEST(Message, AppendsToWhatIsThere) {
  std::string out = "head";
  append_message(out, MessageType::Open, "", "", "");
  append_message(out, MessageType::Heartbeat, "", "", "");
  EXPECT_EQ(out, R"(head{"type":"OPEN"}{"type":"HEARTBEAT"})");
}

TEST(Message, RelaysWhatItReadUnchanged) {
  for (const auto& payload : {offer_payload(), kCandidatePayload}) {
    MessageParser parser;
    const auto text = R"({"type":"CANDIDATE","payload":)" + payload + R"(,"dst":"b"})";
    const auto read = std::get<ClientMessage>(parser.parse(text));
    EXPECT_EQ(message(read.type, R"("a")", read.dst_json, read.payload),
              R"({"type":"CANDIDATE","src":"a","dst":"b","payload":)" + payload + "}");
  }
}

TEST(Message, WritesTheServersOwnTexts) {
  EXPECT_EQ(kOpenText, R"({"type":"OPEN"})");
  EXPECT_EQ(kIdTakenText, R"({"type":"ID-TAKEN","payload":{"msg":"ID is taken"}})");
  EXPECT_EQ(error_text("Invalid key provided"),
            R"({"type":"ERROR","payload":{"msg":"Invalid key provided"}})");
  EXPECT_EQ(error_text("say \"no\"\n"), R"({"type":"ERROR","payload":{"msg":"say \"no\"\n"}})");
  EXPECT_EQ(error_text(""), R"({"type":"ERROR","payload":{"msg":""}})");
}

}  // namespace
}  // namespace peerjsd::core
