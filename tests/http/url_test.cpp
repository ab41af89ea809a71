#include "peerjsd/http/url.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace peerjsd::http {
namespace {

using Strings = std::vector<std::string_view>;
constexpr const char* kReplacement = "\xEF\xBF\xBD";

TEST(Url, TakesSchemeAndHostOffATarget) {
  for (const auto& [target, own] : {std::pair{"/a?b", "/a?b"},
                                    {"//a", "//a"},
                                    {"http://x/a?b", "/a?b"},
                                    {"HTTPS://[::1]:80/a", "/a"},
                                    {"http://x?a/b", "?a/b"},
                                    {"http://x", ""},
                                    {"/a?http://x/b", "/a?http://x/b"}}) {
    EXPECT_EQ(split_target(target)->path_and_query, own) << target;
  }
  EXPECT_EQ(split_target("/a")->authority, "");
  EXPECT_EQ(split_target("http://u@x:80/a")->authority, "u@x:80");
  for (const char* none : {"", "*", "a", "x:80", "http:/a", "http:///a", "http://", "ftp://x/a"}) {
    EXPECT_FALSE(split_target(none)) << none;
  }
}

TEST(Url, DecodesAPathSegment) {
  EXPECT_EQ(decode_path_segment("a%20b+c%2F"), "a b+c/");
  EXPECT_EQ(decode_path_segment("%e3%81%82"), "\xe3\x81\x82");
}

TEST(Url, RefusesABrokenEscapeInAPathSegment) {
  for (const char* broken : {"%", "%2", "%zz", "a%2", "%%20", "%ff", "a%c3"}) {
    EXPECT_FALSE(decode_path_segment(broken)) << broken;
  }
}

TEST(Url, DecodesAQueryAsNodeDoes) {
  EXPECT_EQ(decode_query_part("a+b%20c"), "a b c");
  EXPECT_EQ(decode_query_part("100%"), "100%");
  EXPECT_EQ(decode_query_part("%zz%41"), "%zzA");
  EXPECT_EQ(decode_query_part("%00"), std::string(1, '\0'));
}

TEST(Url, ReplacesWhatIsNotUtf8AsADecoderInABrowserDoes) {
  const std::string r = kReplacement;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"\xff", r},
      {"a\x80z", "a" + r + "z"},
      {"\xe3\x81", r},              // cut short: one
      {"\xe3\x81z", r + "z"},       //
      {"\xc0\xaf", r + r},          // overlong
      {"\xed\xa0\x80", r + r + r},  // a surrogate
      {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
      {"\xf4\x90\x80\x80", r + r + r + r},  // beyond U+10FFFF
      {"\xf0\x80\x80", r + r + r},
  };
  for (const auto& [input, expected] : cases) EXPECT_EQ(decode_query_part(input), expected);
}

TEST(Url, SplitsAPathAndFoldsSlashes) {
  EXPECT_EQ(split_path("/a//b/"), (Strings{"a", "b"}));
  EXPECT_EQ(split_path("/"), Strings{});
  EXPECT_EQ(split_path(""), Strings{});
  EXPECT_EQ(split_path("a"), Strings{"a"});
}

TEST(Url, ParsesAQueryInItsOrder) {
  const auto parameters = parse_query("a=1&&b&a=2=3&=x&%6b=v");
  ASSERT_EQ(parameters.size(), 5U);
  EXPECT_EQ(parameters[0].value, "1");
  EXPECT_EQ(parameters[1].name, "b");
  EXPECT_EQ(parameters[1].value, "");
  EXPECT_EQ(parameters[2].value, "2=3");
  EXPECT_EQ(parameters[3].name, "");
  EXPECT_EQ(parameters[4].name, "k");
}

}  // namespace
}  // namespace peerjsd::http
