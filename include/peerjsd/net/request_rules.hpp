#pragma once

#include "peerjsd/net/http_wire.hpp"

#include <string_view>

#include <boost/beast/http/field.hpp>

/// What RFC 9110 and 9112 ask of a request, and Beast's parser lets pass or leaves to the server.
namespace peerjsd::net {

/// Why the head of a request must be refused (400), for example because an intermediary may have
/// seen another end of it than we do; empty if it is sound. RFC 9112 3.2, 6.1 and 6.3.
std::string_view fault_of_head(const HttpRequest& request);

/// Whether a line continues the one before, which RFC 9112 5.2 forbids. `head`: as it was sent.
bool has_folded_line(std::string_view head);

/// One that may stand neither in a field nor in the extension of a chunk (RFC 9110 5.5): any but
/// tab.
bool has_control_character(std::string_view text);

/// Whether one of the lines of this field, each of them a list, names `token`, in any case.
bool lists(const HttpRequest& request, boost::beast::http::field field, std::string_view token);

/// Whether the connection outlives the answer: RFC 9112 9.3.
bool keeps_alive(const HttpRequest& request);

}  // namespace peerjsd::net
