#include "peerjsd/net/websocket_codec.hpp"

#include "support/decoded_stream.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/_experimental/test/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <gtest/gtest.h>
#include <malloc.h>

#ifdef PEERJSD_SANITIZED
// g++ ships the function without the header that declares it.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();
#endif

namespace peerjsd::net {
namespace {

namespace beast = boost::beast;
namespace asio = boost::asio;
namespace websocket = beast::websocket;
using namespace std::string_literals;
using test::DecodedStream;
using test::Transcript;
using test::Verdict;

constexpr std::size_t kLimit = 1 << 20;

static_assert(sizeof(WebSocketDecoder) <= 48);

// What a client writes, made byte by byte, and able to be wrong in every field.
struct ClientFrame {
  unsigned opcode;
  std::string payload;
  bool fin = true;
  bool masked = true;
  unsigned reserved = 0;
  std::optional<unsigned> length_bytes = std::nullopt;    // 0, 2 or 8 in place of the shortest form
  std::optional<std::uint64_t> announced = std::nullopt;  // in place of the payload's size
  std::string key = "\x37\xfa\x21\x3d";
};

std::string bytes_of(const ClientFrame& frame) {
  const std::uint64_t length = frame.announced.value_or(frame.payload.size());
  const unsigned shortest = length < 126 ? 0 : length < 65536 ? 2 : 8;
  const unsigned extended = frame.length_bytes.value_or(shortest);
  const auto short_length = extended == 0 ? length : extended == 2 ? 126 : 127;
  std::string out;
  out += static_cast<char>((frame.fin ? 0x80U : 0U) | frame.reserved << 4 | frame.opcode);
  out += static_cast<char>((frame.masked ? 0x80U : 0U) | short_length);
  for (unsigned i = extended; i-- > 0;) out += static_cast<char>(length >> (8 * i));
  if (!frame.masked) return out + frame.payload;
  out += frame.key;
  for (std::size_t i = 0; i < frame.payload.size(); ++i) {
    out += static_cast<char>(frame.payload[i] ^ frame.key[i % 4]);
  }
  return out;
}

std::string text(std::string payload, bool fin = true) {
  return bytes_of({.opcode = 1, .payload = std::move(payload), .fin = fin});
}
std::string binary(std::string payload, bool fin = true) {
  return bytes_of({.opcode = 2, .payload = std::move(payload), .fin = fin});
}
std::string continuation(std::string payload, bool fin) {
  return bytes_of({.opcode = 0, .payload = std::move(payload), .fin = fin});
}
std::string ping(std::string payload) {
  return bytes_of({.opcode = 9, .payload = std::move(payload)});
}
std::string pong(std::string payload) {
  return bytes_of({.opcode = 10, .payload = std::move(payload)});
}
std::string close_body(unsigned code, const std::string& reason) {
  return std::string{static_cast<char>(code >> 8), static_cast<char>(code)} + reason;
}
std::string close_frame(unsigned code, const std::string& reason = {}) {
  return bytes_of({.opcode = 8, .payload = close_body(code, reason)});
}

Transcript decode(std::string_view bytes, std::size_t limit = kLimit) {
  DecodedStream stream{limit};
  stream.feed(bytes);
  return stream.transcript();
}

Transcript decode_in_chunks(std::string_view bytes, std::size_t chunk) {
  DecodedStream stream{kLimit};
  stream.feed_in_chunks(bytes, chunk);
  return stream.transcript();
}

std::string letters(std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) out += static_cast<char>('a' + i * 7 % 26);
  return out;
}

Transcript one(std::string line) {
  return {std::move(line)};
}

const Transcript kProtocolError = {"error 1002"};
const Transcript kTooBig = {"error 1009"};

TEST(WebSocketDecoder, DecodesTheExamplesOfTheRfc) {
  EXPECT_EQ(decode("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), one("text Hello"));
  EXPECT_EQ(decode("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), one("pong Hello"));
}

TEST(WebSocketDecoder, DecodesEveryLengthFormAtItsLimits) {
  for (const std::size_t size :
       {0U, 1U, 7U, 8U, 9U, 31U, 32U, 33U, 125U, 126U, 127U, 128U, 65535U, 65536U, 65537U}) {
    const auto payload = letters(size);
    EXPECT_EQ(decode(text(payload)), one("text " + payload)) << size;
    EXPECT_EQ(decode(binary(payload)), one("binary " + payload)) << size;
    EXPECT_EQ(decode_in_chunks(text(payload), 997), one("text " + payload)) << size;
  }
}

TEST(WebSocketDecoder, UnmasksWhateverTheAlignment) {
  const auto payload = letters(203);
  for (std::size_t before = 0; before < 16; ++before) {
    const auto first = letters(before);
    EXPECT_EQ(decode(ping(first) + binary(payload)),
              (Transcript{"ping " + first, "binary " + payload}));
  }
}

TEST(WebSocketDecoder, LeavesTextThatIsNotUtf8ToTheParser) {
  EXPECT_EQ(decode(text("\xff\xc0")), one("text \xff\xc0"));
}

TEST(WebSocketDecoder, DecodesControlFrames) {
  EXPECT_EQ(decode(ping("")), one("ping "));
  EXPECT_EQ(decode(pong("\x00\xff"s)), one("pong \x00\xff"s));
  EXPECT_EQ(decode(ping(letters(125))), one("ping " + letters(125)));
}

TEST(WebSocketDecoder, TakesOneEventAtATimeOffTheInput) {
  auto bytes = text("one") + ping("two") + text("three");
  std::span<char> input{bytes};
  WebSocketDecoder decoder;
  EXPECT_EQ(std::get<WebSocketEvent>(decoder.next(input, kLimit)).data, "one");
  EXPECT_EQ(input.size(), ping("two").size() + text("three").size());
  EXPECT_EQ(std::get<WebSocketEvent>(decoder.next(input, kLimit)).data, "two");
  EXPECT_EQ(std::get<WebSocketEvent>(decoder.next(input, kLimit)).data, "three");
  EXPECT_TRUE(input.empty());
  EXPECT_TRUE(std::holds_alternative<NeedMore>(decoder.next(input, kLimit)));
}

TEST(WebSocketDecoder, RefusesControlFramesLongerThan125Bytes) {
  for (const unsigned opcode : {8U, 9U, 10U}) {
    const auto payload = opcode == 8 ? close_body(1000, letters(124)) : letters(126);
    EXPECT_EQ(decode(bytes_of({.opcode = opcode, .payload = payload})), kProtocolError);
    EXPECT_EQ(decode(bytes_of({.opcode = opcode, .payload = letters(65536)})), kProtocolError);
  }
}

TEST(WebSocketDecoder, RefusesFragmentedControlFrames) {
  for (const unsigned opcode : {8U, 9U, 10U}) {
    EXPECT_EQ(decode(bytes_of({.opcode = opcode, .payload = "", .fin = false})), kProtocolError);
  }
}

TEST(WebSocketDecoder, RefusesUnmaskedFrames) {
  for (const unsigned opcode : {1U, 2U, 8U, 9U, 10U}) {
    EXPECT_EQ(decode(bytes_of({.opcode = opcode, .payload = "", .masked = false})), kProtocolError);
  }
  EXPECT_EQ(decode(bytes_of({.opcode = 1, .payload = letters(300), .masked = false})),
            kProtocolError);
}

TEST(WebSocketDecoder, RefusesReservedBits) {
  for (const unsigned opcode : {1U, 2U, 8U, 9U, 10U}) {
    for (unsigned bits = 1; bits < 8; ++bits) {
      EXPECT_EQ(decode(bytes_of({.opcode = opcode, .payload = "", .reserved = bits})),
                kProtocolError);
    }
  }
  EXPECT_EQ(decode(text("a", false) + bytes_of({.opcode = 0, .payload = "b", .reserved = 4})),
            kProtocolError);
}

TEST(WebSocketDecoder, RefusesReservedOpcodes) {
  for (const unsigned opcode : {3U, 4U, 5U, 6U, 7U, 11U, 12U, 13U, 14U, 15U}) {
    EXPECT_EQ(decode(bytes_of({.opcode = opcode, .payload = "x"})), kProtocolError) << opcode;
  }
}

TEST(WebSocketDecoder, RefusesLengthsThatAreNotMinimal) {
  const auto with_length = [](std::size_t size, unsigned length_bytes) {
    return bytes_of({.opcode = 1, .payload = letters(size), .length_bytes = length_bytes});
  };
  EXPECT_EQ(decode(with_length(0, 2)), kProtocolError);
  EXPECT_EQ(decode(with_length(125, 2)), kProtocolError);
  EXPECT_EQ(decode(with_length(125, 8)), kProtocolError);
  EXPECT_EQ(decode(with_length(65535, 8)), kProtocolError);
}

TEST(WebSocketDecoder, RefusesA64BitLengthWithItsTopBitSet) {
  EXPECT_EQ(decode(bytes_of({.opcode = 2, .payload = "", .announced = 1ULL << 63})),
            kProtocolError);
  EXPECT_EQ(decode(bytes_of({.opcode = 2, .payload = "", .announced = (1ULL << 63) - 1})), kTooBig);
}

TEST(WebSocketDecoder, JoinsFragments) {
  EXPECT_EQ(decode(text("Hel", false) + continuation("lo", true)), one("text Hello"));
  EXPECT_EQ(decode(binary("", false) + continuation("", false) + continuation("", true)),
            one("binary "));
  EXPECT_EQ(decode(text("a", false) + continuation("", false) + continuation("b", true) +
                   binary("c", false) + continuation("d", true) + text("e")),
            (Transcript{"text ab", "binary cd", "text e"}));
}

TEST(WebSocketDecoder, HandsOutControlFramesBetweenFragmentsAtOnce) {
  DecodedStream session{kLimit};
  session.feed(text("frag", false) + ping("1"));
  EXPECT_EQ(session.transcript(), one("ping 1"));
  session.feed(continuation("men", false) + pong("2") + ping("3"));
  EXPECT_EQ(session.transcript(), (Transcript{"ping 1", "pong 2", "ping 3"}));
  session.feed(continuation("ted", true));
  EXPECT_EQ(session.transcript(), (Transcript{"ping 1", "pong 2", "ping 3", "text fragmented"}));
}

TEST(WebSocketDecoder, HandsOutACloseInTheMidstOfAMessage) {
  EXPECT_EQ(decode(text("never ended", false) + close_frame(1001)), one("close 1001 "));
}

TEST(WebSocketDecoder, RefusesAContinuationWithoutAMessage) {
  EXPECT_EQ(decode(continuation("x", true)), kProtocolError);
  EXPECT_EQ(decode(continuation("x", false)), kProtocolError);
  EXPECT_EQ(decode(text("a", false) + continuation("b", true) + continuation("c", true)),
            (Transcript{"text ab", "error 1002"}));
}

TEST(WebSocketDecoder, RefusesANewMessageInsideAFragmentedOne) {
  EXPECT_EQ(decode(text("a", false) + text("b")), kProtocolError);
  EXPECT_EQ(decode(text("", false) + binary("b", false)), kProtocolError);
}

TEST(WebSocketDecoder, ReportsACloseWithItsCodeAndReason) {
  EXPECT_EQ(decode(bytes_of({.opcode = 8, .payload = ""})), one("close 1005 "));
  EXPECT_EQ(decode(close_frame(1000)), one("close 1000 "));
  EXPECT_EQ(decode(close_frame(1001, "\xc3\xa4" + letters(121))),
            one("close 1001 \xc3\xa4" + letters(121)));
}

TEST(WebSocketDecoder, RefusesACloseWithHalfACode) {
  EXPECT_EQ(decode(bytes_of({.opcode = 8, .payload = "\x03"})), kProtocolError);
}

TEST(WebSocketDecoder, AcceptsExactlyTheCloseCodesAClientMaySend) {
  for (unsigned code = 0; code < 65536; ++code) {
    const bool allowed = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
                         (code >= 3000 && code <= 4999);
    const auto expected = allowed ? "close " + std::to_string(code) + " " : "error 1002"s;
    if (decode(close_frame(code)) != one(expected)) ADD_FAILURE() << code;
  }
}

TEST(WebSocketDecoder, RefusesACloseReasonThatIsNotUtf8) {
  for (const auto* reason : {"\xff", "abc\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80"}) {
    EXPECT_EQ(decode(close_frame(1000, reason)), one("error 1007"));
  }
}

TEST(WebSocketDecoder, RefusesMessagesAboveTheLimitWhenTheyAreAnnounced) {
  EXPECT_EQ(decode(text(letters(200)), 200), one("text " + letters(200)));
  EXPECT_EQ(decode(text(letters(200)).substr(0, 8), 199), kTooBig);
  EXPECT_EQ(decode(text(letters(150), false) + continuation(letters(50), true), 200),
            one("text " + letters(150) + letters(50)));
  EXPECT_EQ(decode(text(letters(150), false) + continuation(letters(51), true).substr(0, 6), 200),
            kTooBig);
}

TEST(WebSocketDecoder, CountsEveryMessageForItselfAgainstTheLimit) {
  EXPECT_EQ(decode(text("ab", false) + continuation("c", true) + text("def"), 3),
            (Transcript{"text abc", "text def"}));
}

TEST(WebSocketDecoder, DoesNotCountControlFramesAgainstTheLimit) {
  EXPECT_EQ(decode(text("ab", false) + ping("ping") + continuation("c", true), 3),
            (Transcript{"ping ping", "text abc"}));
}

std::string mixed_stream() {
  return text(letters(40)) + ping("p") + text("", false) + continuation("fra", false) +
         ping("between") + continuation("", false) + pong("") + continuation("gments", true) +
         binary(letters(130), false) + ping(letters(9)) + continuation(letters(127), true) +
         text("") + bytes_of({.opcode = 1, .payload = letters(33), .key = "\0\0\0\0"s}) +
         close_frame(4000, "bye");
}

Transcript mixed_transcript() {
  return {"text " + letters(40),
          "ping p",
          "ping between",
          "pong ",
          "text fragments",
          "ping " + letters(9),
          "binary " + letters(130) + letters(127),
          "text ",
          "text " + letters(33),
          "close 4000 bye"};
}

TEST(WebSocketDecoder, GivesTheSameEventsHoweverTheStreamIsCutInTwo) {
  const auto stream = mixed_stream();
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    DecodedStream session{kLimit};
    session.feed(std::string_view{stream}.substr(0, cut));
    session.feed(std::string_view{stream}.substr(cut));
    ASSERT_EQ(session.transcript(), mixed_transcript()) << cut;
  }
}

TEST(WebSocketDecoder, GivesTheSameEventsHoweverAFragmentedMessageIsCutInThree) {
  const auto stream = text("abcde", false) + ping("fgh") + continuation(letters(126), true);
  const Transcript expected{"ping fgh", "text abcde" + letters(126)};
  for (std::size_t first = 0; first <= stream.size(); ++first) {
    for (std::size_t second = first; second <= stream.size(); ++second) {
      DecodedStream session{kLimit};
      session.feed(std::string_view{stream}.substr(0, first));
      session.feed(std::string_view{stream}.substr(first, second - first));
      session.feed(std::string_view{stream}.substr(second));
      ASSERT_EQ(session.transcript(), expected) << first << ' ' << second;
    }
  }
}

TEST(WebSocketDecoder, GivesTheSameEventsInChunksOfAnySize) {
  for (std::size_t chunk = 1; chunk <= 40; ++chunk) {
    ASSERT_EQ(decode_in_chunks(mixed_stream(), chunk), mixed_transcript()) << chunk;
  }
}

TEST(WebSocketDecoder, RefusesALongFrameThatComesByteByByteAtTheEndOfItsHeader) {
  DecodedStream session{1000};
  const auto stream = bytes_of({.opcode = 2, .payload = "", .announced = 70000});
  for (const char byte : stream.substr(0, stream.size() - 1)) session.feed({&byte, 1});
  EXPECT_FALSE(session.ended());
  session.feed({&stream.back(), 1});
  EXPECT_EQ(session.transcript(), kTooBig);
}

bool lies_in(std::string_view part, std::span<const char> whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

TEST(WebSocketDecoder, HandsOutAWholeFrameAsAViewIntoTheInput) {
  auto bytes = text(letters(600));
  std::span<char> input{bytes};
  WebSocketDecoder decoder;
  const auto result = decoder.next(input, kLimit);
  EXPECT_TRUE(lies_in(std::get<WebSocketEvent>(result).data, bytes));
}

TEST(WebSocketDecoder, HandsOutAViewIntoTheInputWhenOnlyTheHeaderCameBefore) {
  auto bytes = text(letters(600));
  WebSocketDecoder decoder;
  auto input = std::span<char>{bytes}.first(3);
  EXPECT_TRUE(std::holds_alternative<NeedMore>(decoder.next(input, kLimit)));
  input = std::span<char>{bytes}.subspan(3);
  const auto result = decoder.next(input, kLimit);
  EXPECT_EQ(std::get<WebSocketEvent>(result).data, letters(600));
  EXPECT_TRUE(lies_in(std::get<WebSocketEvent>(result).data, bytes));
}

TEST(WebSocketDecoder, KeepsItsViewsWhenItIsMoved) {
  auto bytes = text("ab", false) + continuation("cd", true);
  std::span<char> input{bytes};
  WebSocketDecoder decoder;
  const auto result = decoder.next(input, kLimit);
  const auto moved = std::move(decoder);
  EXPECT_EQ(std::get<WebSocketEvent>(result).data, "abcd");
}

#ifdef PEERJSD_SANITIZED
constexpr std::size_t kHeapNoise = 0;
std::size_t heap_in_use() {
  return __sanitizer_get_current_allocated_bytes();
}
#else
constexpr std::size_t kHeapNoise = 1024;  // malloc counts small blocks it caches as in use
std::size_t heap_in_use() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}
#endif

void feed_all(WebSocketDecoder& decoder, std::span<char> input) {
  while (!std::holds_alternative<NeedMore>(decoder.next(input, kLimit))) {
  }
}

TEST(WebSocketDecoder, HoldsNoMemoryBetweenMessages) {
  const auto message = binary(letters(kLimit / 2), false) + continuation(letters(kLimit / 2), true);
  auto bytes = message;
  WebSocketDecoder decoder;
  const auto before = heap_in_use();
  feed_all(decoder, bytes);
  EXPECT_LE(heap_in_use(), before + kHeapNoise);
  bytes.replace(0, message.size(), message);
  for (std::span<char> rest{bytes}; !rest.empty();) {
    const auto part = rest.first(std::min<std::size_t>(rest.size(), 10'000));
    rest = rest.subspan(part.size());
    feed_all(decoder, part);
    EXPECT_TRUE(rest.empty() || heap_in_use() > before);
  }
  EXPECT_LE(heap_in_use(), before + kHeapNoise);
}

TEST(WebSocketDecoder, DoesNotReserveWhatIsOnlyAnnounced) {
  std::vector<WebSocketDecoder> decoders(100);
  const auto before = heap_in_use();
  for (auto& decoder : decoders) {
    auto bytes = bytes_of({.opcode = 2, .payload = letters(100), .announced = kLimit});
    feed_all(decoder, bytes);
  }
  EXPECT_LT(heap_in_use() - before, decoders.size() * 1024);
}

// --- Beast as an independent reader of the same bytes ---

class RandomStream {
 public:
  explicit RandomStream(std::mt19937& random) : random_(random) {}

  std::string make() {
    const auto messages = below(6);
    for (unsigned i = 0; i < messages; ++i) add_message();
    if (below(2) == 0) add_close();
    std::string out;
    for (const auto& frame : frames_) out += bytes_of(frame);
    return out;
  }

  // Breaks one field of one frame, or anything anywhere.
  std::string make_broken() {
    add_message();
    auto out = make();
    if (below(2) == 0) {
      break_field(frames_[below(frames_.size())]);
      out.clear();
      for (const auto& frame : frames_) out += bytes_of(frame);
      return out;
    }
    const auto at = below(out.size());
    switch (below(4)) {
      case 0:
        out.resize(at);
        break;
      case 1:
        out.erase(at, 1);
        break;
      case 2:
        out.insert(at, 1, static_cast<char>(below(256)));
        break;
      default:
        out[at] = static_cast<char>(out[at] ^ (1 << below(8)));
    }
    return out;
  }

 private:
  std::size_t below(std::size_t n) { return random_() % n; }

  std::size_t size() {
    constexpr std::size_t kSizes[] = {0, 1, 2, 5, 17, 64, 124, 125, 126, 127, 300, 1000};
    return below(60) == 0 ? 65533 + below(6) : kSizes[below(std::size(kSizes))];
  }

  std::string utf8(std::size_t at_least) {
    constexpr const char* kCharacters[] = {
        "a", "Z", "\"", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    std::string out;
    while (out.size() < at_least) out += kCharacters[below(std::size(kCharacters))];
    return out;
  }

  std::string octets(std::size_t size) {
    std::string out;
    while (out.size() < size) out += static_cast<char>(below(256));
    return out;
  }

  void add(unsigned opcode, std::string payload, bool fin = true) {
    frames_.push_back({.opcode = opcode, .payload = std::move(payload), .fin = fin});
    frames_.back().key = octets(4);
  }

  void add_control() { add(below(2) == 0 ? 9 : 10, octets(below(126))); }

  void add_message() {
    const bool is_text = below(2) == 0;
    auto rest = is_text ? utf8(size()) : octets(size());
    unsigned opcode = is_text ? 1 : 2;
    for (auto more = below(4); more > 0; --more) {
      const auto part = below(rest.size() + 1);
      add(opcode, rest.substr(0, part), false);
      rest.erase(0, part);
      opcode = 0;
      if (below(2) == 0) add_control();
    }
    add(opcode, rest);
    if (below(3) == 0) add_control();
  }

  void add_close() {
    constexpr unsigned kCodes[] = {0,    999,  1000, 1001, 1003, 1004, 1005, 1006, 1007, 1011, 1012,
                                   1013, 1014, 1015, 1016, 2999, 3000, 4000, 4999, 5000, 65535};
    if (below(4) == 0) return add(8, octets(below(2)));
    auto reason = utf8(below(100));
    if (below(4) == 0) reason += "\xe2\x82";
    add(8, close_body(kCodes[below(std::size(kCodes))], reason));
  }

  void break_field(ClientFrame& frame) {
    constexpr unsigned kLengthBytes[] = {2, 8, 8};
    switch (below(6)) {
      case 0:
        frame.opcode = static_cast<unsigned>(below(16));
        break;
      case 1:
        frame.fin = !frame.fin;
        break;
      case 2:
        frame.masked = false;
        break;
      case 3:
        frame.reserved = 1U << below(3);
        break;
      case 4:
        frame.length_bytes = kLengthBytes[below(3)];
        break;
      default:
        frame.announced = std::uint64_t{1} << below(64);
    }
  }

  std::mt19937& random_;
  std::vector<ClientFrame> frames_;
};

DecodedStream decode_like_a_socket(std::string_view bytes, std::size_t limit,
                                   std::mt19937& random) {
  DecodedStream session{limit};
  const std::size_t longest = 1 + random() % 2000;
  while (!bytes.empty() && !session.ended()) {
    const auto size = std::min<std::size_t>(1 + random() % longest, bytes.size());
    session.feed(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  return session;
}

struct Tally {
  int same = 0;
  int meant = 0;
  int failed = 0;  // by both, in the same way
};

void compare_with_beast(bool broken, int streams, Tally& tally) {
  std::mt19937 random{broken ? 2U : 1U};
  for (int i = 0; i < streams; ++i) {
    RandomStream stream{random};
    const auto bytes = broken ? stream.make_broken() : stream.make();
    const std::size_t limit = random() % 5 == 0 ? 200 : kLimit;
    const auto ours = decode_like_a_socket(bytes, limit, random);
    const auto beast = test::read_with_beast(bytes, limit, 1 + random() % 2000);
    const auto verdict = compare(ours, beast);
    ASSERT_TRUE(verdict != Verdict::Different)
        << "stream " << i << ", Beast: " << beast.reason
        << ", ours: " << ::testing::PrintToString(ours.transcript())
        << ", Beast's: " << ::testing::PrintToString(beast.transcript);
    ++(verdict == Verdict::Same ? tally.same : tally.meant);
    if (verdict == Verdict::Same && !ours.reason().empty()) ++tally.failed;
  }
}

TEST(WebSocketDecoder, ReadsValidStreamsAsBeastDoes) {
  Tally tally;
  compare_with_beast(false, 1000, tally);
  EXPECT_GT(tally.same, 850);
  EXPECT_GT(tally.meant, 0);
}

TEST(WebSocketDecoder, FailsBrokenStreamsAsBeastDoes) {
  Tally tally;
  compare_with_beast(true, 2000, tally);
  EXPECT_GT(tally.same, 1700);
  EXPECT_GT(tally.failed, 600);
}

// --- The server's frames ---

TEST(AppendFrame, WritesTheExamplesOfTheRfc) {
  std::string out = "before";
  append_frame(out, Opcode::Text, "Hello");
  EXPECT_EQ(out, "before\x81\x05Hello");
  out.clear();
  append_frame(out, Opcode::Binary, std::string(256, 'x'));
  EXPECT_EQ(out, "\x82\x7e\x01\x00"s + std::string(256, 'x'));
  out.clear();
  append_frame(out, Opcode::Binary, std::string(65536, 'x'));
  EXPECT_EQ(out, "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"s + std::string(65536, 'x'));
}

TEST(AppendFrame, UsesTheShortestLengthForm) {
  for (const auto& [size, header] : {std::pair<std::size_t, std::size_t>{0, 2},
                                     {125, 2},
                                     {126, 4},
                                     {127, 4},
                                     {65535, 4},
                                     {65536, 10}}) {
    std::string out;
    append_frame(out, Opcode::Text, std::string(size, 'x'));
    EXPECT_EQ(out.size(), header + size);
  }
}

std::string closing(CloseCode code, std::string_view reason) {
  std::string out;
  append_close(out, code, reason);
  return out;
}

TEST(AppendClose, WritesCodeAndReason) {
  EXPECT_EQ(closing(CloseCode::ServiceRestart, "restart"), "\x88\x09\x03\xf4restart");
  EXPECT_EQ(closing(CloseCode::Normal, ""), "\x88\x02\x03\xe8");
}

TEST(AppendClose, HasNoBodyWithoutACode) {
  EXPECT_EQ(closing(CloseCode::NoStatus, "unheard"), "\x88\x00"s);
}

TEST(AppendClose, CutsALongReasonBetweenCharacters) {
  const std::string euro = "\xe2\x82\xac";
  EXPECT_EQ(closing(CloseCode::Normal, letters(123)).substr(4), letters(123));
  EXPECT_EQ(closing(CloseCode::Normal, letters(124)).substr(4), letters(124).substr(0, 123));
  EXPECT_EQ(closing(CloseCode::Normal, letters(120) + euro).substr(4), letters(120) + euro);
  EXPECT_EQ(closing(CloseCode::Normal, letters(121) + euro).substr(4), letters(121));
  EXPECT_EQ(closing(CloseCode::Normal, letters(122) + euro + euro).substr(4), letters(122));
  EXPECT_EQ(closing(CloseCode::Normal, letters(123) + euro).substr(4), letters(123));
}

class BeastClient {
 public:
  BeastClient() {
    client_.next_layer().connect(server_.next_layer());
    {
      // Either waits for the other; Beast's asynchronous forms treble the time to compile this.
      const std::jthread server{[this] { server_.accept(); }};
      client_.handshake("localhost", "/");
    }
    client_.control_callback([this](websocket::frame_type type, beast::string_view payload) {
      if (type == websocket::frame_type::close) return;
      control.push_back((type == websocket::frame_type::ping ? "ping " : "pong ") +
                        std::string{payload});
    });
  }

  void receive(std::string_view bytes) {
    client_.next_layer().append({bytes.data(), bytes.size()});
    client_.next_layer().close_remote();
  }

  std::string read_message(beast::error_code& error) {
    beast::flat_buffer buffer;
    client_.read(buffer, error);
    const auto data = buffer.cdata();
    return {static_cast<const char*>(data.data()), data.size()};
  }

  bool got_text() const { return client_.got_text(); }
  const websocket::close_reason& reason() const { return client_.reason(); }

  Transcript control;

 private:
  // A context each: the handshake runs on two threads.
  asio::io_context client_context_;
  asio::io_context server_context_;
  websocket::stream<beast::test::stream, false> client_{client_context_};
  websocket::stream<beast::test::stream, false> server_{server_context_};
};

TEST(AppendFrame, IsReadByBeast) {
  constexpr std::size_t kSizes[] = {0, 1, 125, 126, 127, 65535, 65536};
  std::string stream;
  for (const auto size : kSizes) {
    append_frame(stream, Opcode::Text, letters(size));
    append_frame(stream, Opcode::Ping, letters(std::min<std::size_t>(size, 125)));
    append_frame(stream, Opcode::Binary, letters(size));
    append_frame(stream, Opcode::Pong, "");
  }
  BeastClient client;
  client.receive(stream);
  beast::error_code error;
  Transcript expected_control;
  for (const auto size : kSizes) {
    EXPECT_EQ(client.read_message(error), letters(size));
    EXPECT_TRUE(client.got_text());
    EXPECT_EQ(client.read_message(error), letters(size));
    EXPECT_FALSE(client.got_text());
    ASSERT_FALSE(error) << error.message();
    expected_control.push_back("ping " + letters(std::min<std::size_t>(size, 125)));
    expected_control.push_back("pong ");
  }
  client.read_message(error);
  EXPECT_EQ(error, asio::error::eof);
  EXPECT_EQ(client.control, expected_control);
}

TEST(AppendClose, IsReadByBeast) {
  const auto read_by_beast = [](CloseCode code, std::string_view reason) {
    BeastClient client;
    client.receive(closing(code, reason));
    beast::error_code error;
    client.read_message(error);
    EXPECT_EQ(error, websocket::error::closed);
    return std::to_string(client.reason().code) + " " + client.reason().reason.c_str();
  };
  EXPECT_EQ(read_by_beast(CloseCode::NoStatus, ""), "0 ");
  EXPECT_EQ(read_by_beast(CloseCode::ServiceRestart, ""), "1012 ");
  EXPECT_EQ(read_by_beast(CloseCode::ResumedElsewhere, "resumed elsewhere"),
            "4000 resumed elsewhere");
  EXPECT_EQ(read_by_beast(CloseCode::TooBig, letters(200)), "1009 " + letters(123));
}

}  // namespace
}  // namespace peerjsd::net
