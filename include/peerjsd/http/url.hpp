#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace peerjsd::http {

/// Of "/a?b", or of "http://host:80/a?b" as a client of a proxy asks (RFC 9112 3.2).
struct Target {
  std::string_view authority;  ///< empty in the first case
  std::string_view path_and_query;
};

/// nullopt if it is neither. Of the authority it is only known that there is one.
std::optional<Target> split_target(std::string_view target);

/// Decodes %XX in a path segment; nullopt if an escape is broken, or what comes of it is not UTF-8.
std::optional<std::string> decode_path_segment(std::string_view segment);

/// Decodes a query name or value as Node's querystring does for npm peer: `+` is a space, a broken
/// escape stands for itself, bytes that are not UTF-8 become U+FFFD.
std::string decode_query_part(std::string_view part);

/// The non-empty segments of a path, still encoded: "/a//b/" gives a, b.
std::vector<std::string_view> split_path(std::string_view path);

struct QueryParameter {
  std::string name;
  std::string value;
};

/// In the order of the query.
std::vector<QueryParameter> parse_query(std::string_view query);

bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace peerjsd::http
