#include "peerjsd/core/json.hpp"

#include <cctype>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace peerjsd::core::json {
namespace {

using Step = ObjectScanner::Step;
using Members = std::vector<std::pair<std::string, std::string>>;

Step outcome(std::string_view text) {
  // A heap block of exactly the text's size: the address sanitizer sees a read beyond it.
  const std::vector<char> copy(text.begin(), text.end());
  ObjectScanner scanner({copy.data(), copy.size()});
  Step step;
  do {
    step = scanner.next();
  } while (step == Step::Member);
  return step;
}

bool is_json(std::string_view text) {
  const Step step = outcome(text);
  return is_valid_utf8(text) && (step == Step::End || step == Step::NotAnObject);
}

Members members_of(std::string_view text) {
  Members members;
  ObjectScanner scanner(text);
  while (scanner.next() == Step::Member) members.emplace_back(scanner.key(), scanner.value());
  return members;
}

std::string repeat(std::string_view piece, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}

std::string quote(std::string_view utf8) {
  std::string out;
  append_quoted(out, utf8);
  return out;
}

struct Case {
  std::string_view name;
  std::string text;
};

const std::vector<Case> kValidValues = {
    {"null", "null"},
    {"true", "true"},
    {"false", "false"},
    {"zero", "0"},
    {"negative zero", "-0"},
    {"one digit", "7"},
    {"many digits", "1234567890"},
    {"negative", "-123"},
    {"fraction", "0.5"},
    {"fraction with leading zeros", "3.00014"},
    {"fraction with trailing zeros", "1.500"},
    {"negative fraction", "-0.0001"},
    {"exponent", "1e5"},
    {"capital exponent", "1E5"},
    {"exponent with plus", "1e+5"},
    {"exponent with minus", "1e-5"},
    {"exponent with leading zeros", "1e0005"},
    {"zero with an exponent", "0e1"},
    {"negative zero with an exponent", "-0E+0"},
    {"fraction and exponent", "123.456e-7"},
    {"largest 64-bit integer", "18446744073709551615"},
    {"integer beyond 64 bits", "100000000000000000000"},
    {"negative integer beyond 64 bits", "-100000000000000000000"},
    {"number that rounds to zero", "1e-400"},
    {"hundreds of digits", repeat("1234567890", 30) + "." + repeat("1234567890", 30)},
    {"empty string", R"("")"},
    {"plain string", R"("plain")"},
    {"every simple escape", R"("\"\\\/\b\f\n\r\t")"},
    {"escape of four hex digits", R"("\u0041\u00e9\u20AC\uFfFd")"},
    {"escaped NUL", R"("\u0000")"},
    {"escaped control characters", R"("\u0001\u001f")"},
    {"surrogate pair", R"("\ud83d\ude00")"},
    {"surrogate pair in capitals", R"("\uD83D\uDE00")"},
    {"escaped noncharacter", R"("\uFFFF\ufffe")"},
    {"escaped backslash before the quote", R"("a\\")"},
    {"escaped backslash, then u", R"("\\u12")"},
    {"line ends as in SDP", R"("v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\n\r\n")"},
    {"unescaped delete character", "\"\x7f\""},
    {"unescaped slash", R"("a/b")"},
    {"two, three and four bytes of UTF-8", "\"\u00e9\u20ac\U0001f600\""},
    {"line separators", "\"\u2028\u2029\""},
    {"byte order mark inside a string", "\"\ufeff\""},
    {"unescaped noncharacter", "\"\U0010ffff\""},
    {"punctuation in a string", R"("{[,:]}")"},
    {"empty array", "[]"},
    {"empty array with space", "[ \t\r\n]"},
    {"array", "[1,2,3]"},
    {"array with space", "[ 1 , 2 ]"},
    {"mixed array", R"([null,1,"1",{},[]])"},
    {"nested arrays", "[[[[]],[]]]"},
    {"empty object", "{}"},
    {"empty object with space", "{ \t\r\n}"},
    {"object", R"({"a":1,"b":2})"},
    {"object with space", "{ \"a\"\t:\r\n1 , \"b\" : 2 }"},
    {"empty key", R"({"":0})"},
    {"escaped key", R"({"\u0061\n":0})"},
    {"the same key twice", R"({"a":1,"a":2})"},
    {"nested objects", R"({"a":{"b":{"c":{}}},"d":[{}]})"},
};

// nlohmann interprets numbers and surrogates, and refuses these.
const std::vector<Case> kValidValuesRefusedByNlohmann = {
    {"number beyond a double", "1e400"},
    {"negative number beyond a double", "-1e400"},
    {"lone high surrogate", R"("\ud800")"},
    {"lone low surrogate", R"("\udc00")"},
    {"high surrogate before a letter", R"("\ud800x")"},
    {"high surrogate before another escape", R"("\ud800\n")"},
    {"two high surrogates", R"("\ud800\udbff")"},
    {"surrogates in the wrong order", R"("\ude00\ud83d")"},
};

const std::vector<Case> kInvalidValues = {
    {"truncated null", "nul"},
    {"truncated true", "t"},
    {"truncated false", "fals"},
    {"misspelt null", "nulL"},
    {"capital null", "Null"},
    {"capital true", "TRUE"},
    {"word with a tail", "nullx"},
    {"undefined", "undefined"},
    {"not a number", "NaN"},
    {"infinity", "Infinity"},
    {"negative infinity", "-Infinity"},
    {"minus alone", "-"},
    {"two minuses", "--1"},
    {"plus", "+1"},
    {"minus with space", "- 1"},
    {"leading zero", "01"},
    {"negative leading zero", "-01"},
    {"two zeros", "00"},
    {"nothing before the point", ".5"},
    {"nothing after the point", "1."},
    {"nothing between point and exponent", "1.e5"},
    {"two points", "1.2.3"},
    {"empty exponent", "1e"},
    {"empty exponent with plus", "1e+"},
    {"empty exponent with minus", "1E-"},
    {"exponent with two signs", "1e+-1"},
    {"fraction in the exponent", "1e1.5"},
    {"exponent of zero without digits", "0e"},
    {"hexadecimal", "0x1F"},
    {"digit separator", "1_000"},
    {"full-width digit", "\uff11"},
    {"number with a letter", "12a"},
    {"minus before a letter", "-a"},
    {"string without its end", R"("abc)"},
    {"quote alone", "\""},
    {"string that ends in a backslash", R"("abc\)"},
    {"string whose end is escaped", R"("abc\")"},
    {"single quotes", "'a'"},
    {"no quotes", "abc"},
    {"unknown escape", R"("\x")"},
    {"hexadecimal escape", R"("\x41")"},
    {"octal escape", R"("\101")"},
    {"escaped single quote", R"("\'")"},
    {"capital escape", R"("\N")"},
    {"capital unicode escape", R"("\U0041")"},
    {"escaped line end", "\"\\\n\""},
    {"escaped byte above ASCII", "\"\\\u00e9\""},
    {"escape without digits", R"("\u")"},
    {"escape with three digits", R"("\u004")"},
    {"escape with a letter beyond f", R"("\u004g")"},
    {"escape with a sign", R"("\u+041")"},
    {"escape with space", R"("\u 041")"},
    {"escape cut by the end", R"("\u)"},
    {"escape cut by the end after a digit", R"("\u0)"},
    {"escape cut by the end after three digits", R"("\u004)"},
    {"escape not followed by the quote", R"("\u0041)"},
    {"escape in braces", R"("\u{41}")"},
    {"second escape of a pair is cut", R"("\ud83d\ude0")"},
    {"line feed in a string", "\"a\nb\""},
    {"carriage return in a string", "\"a\rb\""},
    {"tab in a string", "\"a\tb\""},
    {"unit separator in a string", "\"a\x1f\""},
    {"backspace in a string", "\"\b\""},
    {"control character in a key", "{\"a\n\":1}"},
    {"array without its end", "[1"},
    {"array that ends after a comma", "[1,"},
    {"array opened", "["},
    {"array closed only", "]"},
    {"array closed by a brace", "[1}"},
    {"array closed twice", "[1]]"},
    {"trailing comma in an array", "[1,]"},
    {"leading comma in an array", "[,1]"},
    {"two commas in an array", "[1,,2]"},
    {"comma alone in an array", "[,]"},
    {"no comma in an array", "[1 2]"},
    {"semicolon in an array", "[1;2]"},
    {"colon in an array", "[1:2]"},
    {"object without its end", R"({"a":1)"},
    {"object that ends after a comma", R"({"a":1,)"},
    {"object that ends after a colon", R"({"a":)"},
    {"object that ends after a key", R"({"a")"},
    {"object opened", "{"},
    {"object closed only", "}"},
    {"object closed by a bracket", R"({"a":1])"},
    {"trailing comma in an object", R"({"a":1,})"},
    {"leading comma in an object", R"({,"a":1})"},
    {"two commas in an object", R"({"a":1,,"b":2})"},
    {"no comma in an object", R"({"a":1 "b":2})"},
    {"semicolon in an object", R"({"a":1;"b":2})"},
    {"no colon", R"({"a" 1})"},
    {"two colons", R"({"a"::1})"},
    {"comma for a colon", R"({"a",1})"},
    {"key without value", R"({"a"})"},
    {"colon without value", R"({"a":})"},
    {"value without key", R"({:1})"},
    {"key without quotes", "{a:1}"},
    {"key in single quotes", "{'a':1}"},
    {"number as key", "{1:1}"},
    {"null as key", "{null:1}"},
    {"array as key", "{[]:1}"},
    {"line comment", "[1] // one"},
    {"block comment", "/* one */1"},
    {"form feed as space", "\f1"},
    {"vertical tab as space", "[\v1]"},
    {"no-break space as space", "\u00a01"},
    {"line separator as space", "[\u2028]"},
    {"two values", "1 2"},
    {"two objects", "{}{}"},
    {"object and a comma", "{},"},
    {"object and a brace", "{}}"},
    {"string and a letter", R"("a"b)"},
    {"byte order mark of UTF-16", "\xff\xfe{"},
    {"first byte of a sequence alone", "\"\xc3\""},
    {"sequence cut by the end", "\"\xe2\x82"},
    {"sequence without its last byte", "\"\xe2\x82\""},
    {"continuation byte alone", "\"\x80\""},
    {"slash in two bytes", "\"\xc0\xaf\""},
    {"NUL in two bytes", "\"\xc0\x80\""},
    {"euro sign in four bytes", "\"\xf0\x82\x82\xac\""},
    {"surrogate in three bytes", "\"\xed\xa0\x80\""},
    {"beyond U+10FFFF", "\"\xf4\x90\x80\x80\""},
    {"byte that is in no sequence", "\"\xff\""},
    {"invalid UTF-8 in a key", "{\"\xff\":1}"},
    {"invalid UTF-8 outside a string", "[\xe9]"},
};

// nlohmann skips a byte order mark and takes NUL for the end of the text.
const std::vector<Case> kInvalidTextsAcceptedByNlohmann = {
    {"byte order mark", "\xef\xbb\xbf{}"},
    {"NUL after the value", std::string("{}\0", 3)},
    {"anything after NUL", std::string("1\0]", 3)},
};

// A value wherever one can stand.
std::vector<std::string> everywhere(std::string_view value) {
  std::vector<std::string> texts = {"@",
                                    " \t\r\n@ \t\r\n",
                                    "[@]",
                                    "[0, @ ]",
                                    "[[@],1]",
                                    R"({"k":@})",
                                    R"({ "k" : @ })",
                                    R"({"a":[],"k":@,"z":"z"})"};
  for (auto& text : texts) text.replace(text.find('@'), 1, value);
  return texts;
}

TEST(Json, AcceptsEveryValueInEveryPlace) {
  for (const auto* cases : {&kValidValues, &kValidValuesRefusedByNlohmann}) {
    for (const auto& [name, text] : *cases) {
      for (const auto& whole : everywhere(text)) {
        EXPECT_TRUE(is_json(whole)) << name << ": " << whole;
      }
    }
  }
}

TEST(Json, RefusesWhatIsNoValueInEveryPlace) {
  for (const auto& [name, text] : kInvalidValues) {
    for (const auto& whole : everywhere(text)) {
      EXPECT_FALSE(is_json(whole)) << name << ": " << whole;
    }
  }
  for (const auto& [name, text] : kInvalidTextsAcceptedByNlohmann) {
    EXPECT_FALSE(is_json(text)) << name;
  }
}

TEST(Json, AgreesWithNlohmannButForTheNamedDifferences) {
  for (const auto& [name, text] : kValidValues) EXPECT_TRUE(nlohmann::json::accept(text)) << name;
  for (const auto& [name, text] : kInvalidValues)
    EXPECT_FALSE(nlohmann::json::accept(text)) << name;
  for (const auto& [name, text] : kValidValuesRefusedByNlohmann) {
    EXPECT_FALSE(nlohmann::json::accept(text)) << name << " is no difference";
  }
  for (const auto& [name, text] : kInvalidTextsAcceptedByNlohmann) {
    EXPECT_TRUE(nlohmann::json::accept(text)) << name << " is no difference";
  }
}

TEST(Json, ChecksEveryByteOfAStringWhereverItStands) {
  for (int byte = 0; byte < 256; ++byte) {
    const bool plain = byte >= 0x20 && byte != '"' && byte != '\\';
    for (std::size_t size = 1; size <= 40; ++size) {
      for (std::size_t at = 0; at < size; ++at) {
        std::string text = '"' + std::string(size, 'x') + '"';
        text[1 + at] = static_cast<char>(byte);
        ASSERT_EQ(outcome(text), plain ? Step::NotAnObject : Step::Malformed)
            << "byte " << byte << " at " << at << " of " << size;
      }
    }
  }
}

TEST(Json, ChecksEveryByteThatABackslashEscapes) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = {'"', '\\', static_cast<char>(byte), '1', '2', '3', '4', '"'};
    const bool known = byte != 0 && std::string_view(R"("\/bfnrtu)").find(text[2]) != text.npos;
    EXPECT_EQ(outcome(text), known ? Step::NotAnObject : Step::Malformed) << "byte " << byte;
  }
}

TEST(Json, ChecksEveryHexDigit) {
  for (int byte = 0; byte < 256; ++byte) {
    for (const std::size_t at : {3U, 4U, 5U, 6U}) {
      std::string text = R"("\u0000")";
      text[at] = static_cast<char>(byte);
      const bool hex = std::isxdigit(byte) != 0;
      EXPECT_EQ(outcome(text), hex ? Step::NotAnObject : Step::Malformed) << byte << " at " << at;
    }
  }
}

TEST(Json, RefusesEveryTruncation) {
  const std::string text =
      R"( {"type":"OFFER","payload":{"n":-1.5e+10,"b":[true,false,null,{}],"s":"\u00e9\r\n"}} )";
  const std::size_t closing_brace = text.rfind('}');
  for (std::size_t size = 0; size <= text.size(); ++size) {
    EXPECT_EQ(is_json(std::string_view(text).substr(0, size)), size > closing_brace) << size;
  }
}

TEST(Json, TellsObjectsFromOtherValues) {
  EXPECT_EQ(outcome("{}"), Step::End);
  EXPECT_EQ(outcome("\n{ } "), Step::End);
  EXPECT_EQ(outcome(R"({"a":[{}]})"), Step::End);
  for (const auto* text : {"[]", "null", "5", R"("x")", " true ", "[{}]"}) {
    EXPECT_EQ(outcome(text), Step::NotAnObject) << text;
  }
  for (const auto* text : {"", " ", "[", "5 5", "nul", "[{]}", "{}x", R"({"a":1}x)"}) {
    EXPECT_EQ(outcome(text), Step::Malformed) << text;
  }
}

TEST(Json, RefusesMoreThanTheGreatestDepth) {
  const auto arrays = [](std::size_t n) { return repeat("[", n) + repeat("]", n); };
  const auto objects = [](std::size_t n) { return repeat(R"({"a":)", n) + "1" + repeat("}", n); };
  EXPECT_EQ(outcome(arrays(kMaxDepth)), Step::NotAnObject);
  EXPECT_EQ(outcome(arrays(kMaxDepth + 1)), Step::TooDeep);
  EXPECT_EQ(outcome(objects(kMaxDepth)), Step::End);
  EXPECT_EQ(outcome(objects(kMaxDepth + 1)), Step::TooDeep);
  EXPECT_EQ(outcome(R"({"a":)" + arrays(kMaxDepth - 1) + "}"), Step::End);
  EXPECT_EQ(outcome(R"({"a":)" + arrays(kMaxDepth) + "}"), Step::TooDeep);
  EXPECT_EQ(outcome(repeat("[", 1'000'000)), Step::TooDeep);
  EXPECT_EQ(outcome("[" + repeat("[],", 1'000) + "[]]"), Step::NotAnObject);
}

TEST(Json, HandsOutMembersInOrderWithDuplicatesAndWithoutTheSpaceAroundThem) {
  const auto members =
      members_of(" { \"b\" : [ 1 , 2 ] ,\t\"a\":\n\"x\\n\"\r, \"b\":{\"a\": 0 } } ");
  EXPECT_EQ(members, (Members{{"b", "[ 1 , 2 ]"}, {"a", R"("x\n")"}, {"b", R"({"a": 0 })"}}));
  EXPECT_EQ(members_of("{}"), Members{});
  EXPECT_EQ(members_of(R"({"":-0.0})"), (Members{{"", "-0.0"}}));
}

TEST(Json, HandsOutKeysDecoded) {
  const auto members = members_of(R"({"\u0074ype":1,"a\"b\\":2,"plain":3,"\ud83d\ude00":4})");
  EXPECT_EQ(members,
            (Members{{"type", "1"}, {R"(a"b\)", "2"}, {"plain", "3"}, {"\U0001f600", "4"}}));
}

TEST(Json, HandsOutValuesAsSlicesOfTheText) {
  const std::string text = R"({"a":"x"})";
  ObjectScanner scanner(text);
  ASSERT_EQ(scanner.next(), Step::Member);
  EXPECT_EQ(scanner.key().data(), text.data() + 2);
  EXPECT_EQ(scanner.value().data(), text.data() + 5);
}

TEST(Json, SurvivesKeysThatAreNotUtf8) {
  EXPECT_EQ(outcome("{\"\xff\":1}"), Step::End);
  EXPECT_EQ(outcome("{\"\xff\\n\":1}"), Step::End);
}

TEST(Json, KnowsUtf8) {
  for (const auto* text :
       {"", "ascii", "\x7f", "\u0080\u07ff\u0800\uffff", "\U00010000\U0010ffff"}) {
    EXPECT_TRUE(is_valid_utf8(text)) << text;
  }
  EXPECT_TRUE(is_valid_utf8({}));
  EXPECT_TRUE(is_valid_utf8(std::string_view("\0", 1)));
  EXPECT_TRUE(is_valid_utf8(repeat("\u20ac", 100)));
  for (const auto* text : {"\x80", "\xc3", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80",
                           "\xed\xbf\xbf", "\xe2\x82", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
                           "\xf8\x88\x80\x80\x80", "\xfe", "\xff"}) {
    EXPECT_FALSE(is_valid_utf8(text)) << text;
    EXPECT_FALSE(is_valid_utf8(repeat("x", 100) + text));
    EXPECT_FALSE(is_valid_utf8(text + repeat("x", 100)));
  }
}

TEST(Json, UnquotesEscapes) {
  EXPECT_EQ(unquote(R"("")"), "");
  EXPECT_EQ(unquote(R"("plain")"), "plain");
  EXPECT_EQ(unquote(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(unquote(R"("\u0041\u00e9\u20AC")"), "A\u00e9\u20ac");
  EXPECT_EQ(unquote(R"("\u0000")"), std::string("\0", 1));
  EXPECT_EQ(unquote(R"("a\ud83d\ude00b\uDBFF\uDFFF")"), "a\U0001f600b\U0010ffff");
  EXPECT_EQ(unquote(R"("\\ud83d\\\\u0041")"), R"(\ud83d\\u0041)");
  EXPECT_EQ(unquote("\"\u00e9\\n\""), "\u00e9\n");
}

TEST(Json, UnquotesLoneSurrogatesAsReplacementCharacters) {
  EXPECT_EQ(unquote(R"("\ud800")"), "\ufffd");
  EXPECT_EQ(unquote(R"("\uDFFF")"), "\ufffd");
  EXPECT_EQ(unquote(R"("\udc00x")"), "\ufffdx");
  EXPECT_EQ(unquote(R"("\ud800\u0041")"), "\ufffdA");
  EXPECT_EQ(unquote(R"("\ud800\n")"), "\ufffd\n");
  EXPECT_EQ(unquote(R"("\ud800ude00")"), "\ufffdude00");
  EXPECT_EQ(unquote(R"("\ude00\ud83d")"), "\ufffd\ufffd");
  EXPECT_EQ(unquote(R"("\ud83d\ud83d\ude00")"), "\ufffd\U0001f600");
  EXPECT_EQ(unquote(R"("\ud7ff\ue000")"), "\ud7ff\ue000");
}

TEST(Json, UnquotesNothingButOneStringLiteral) {
  for (const auto* text :
       {"", "\"", "a", "a\"", "\"a", "5", "null", R"("a"b)", R"( "a")", R"("a" )", R"("\x")",
        R"("\ud83d\ude0")", "\"\n\"", "\"\xff\"", "\"\xff\\n\""}) {
    EXPECT_EQ(unquote(text), std::nullopt) << text;
  }
}

TEST(Json, QuotesAsJsonStringifyDoes) {
  EXPECT_EQ(quote(""), R"("")");
  EXPECT_EQ(quote({}), R"("")");
  EXPECT_EQ(quote("8d1f3d0e-90c5-4f8e-9d62-1b0b4a3e7f11"),
            R"("8d1f3d0e-90c5-4f8e-9d62-1b0b4a3e7f11")");
  EXPECT_EQ(quote("say \"hi\" \\ /"), R"("say \"hi\" \\ /")");
  EXPECT_EQ(quote("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(quote(std::string_view("\0\x01\x1f", 3)), R"("\u0000\u0001\u001f")");
  EXPECT_EQ(quote("\x7f\u00e9\u2028\U0001f600"), "\"\x7f\u00e9\u2028\U0001f600\"");
  EXPECT_EQ(quote("\x7f\u00e9\u2028\U0001f600\n"), "\"\x7f\u00e9\u2028\U0001f600\\n\"");
}

TEST(Json, QuotesInvalidUtf8AsReplacementCharacters) {
  EXPECT_EQ(quote("a\xff"), "\"a\ufffd\"");
  EXPECT_EQ(quote("\xc3"), "\"\ufffd\"");
  EXPECT_EQ(quote("\x80\n"), "\"\ufffd\\n\"");
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = {'a', static_cast<char>(byte), 'b'};
    EXPECT_TRUE(is_json(quote(text))) << byte;
  }
}

TEST(Json, QuotesAndUnquotesBackToTheSameText) {
  for (std::size_t size = 0; size <= 40; ++size) {
    for (char c = 0; c >= 0 && c < 0x7f; ++c) {
      std::string text = std::string(size, 'x') + c + "\u20ac";
      EXPECT_EQ(unquote(quote(text)), text);
    }
  }
}

TEST(Json, AppendsToWhatIsThere) {
  std::string out = "before";
  append_quoted(out, "a");
  append_quoted(out, "\n");
  EXPECT_EQ(out, R"(before"a""\n")");
}

}  // namespace
}  // namespace peerjsd::core::json
