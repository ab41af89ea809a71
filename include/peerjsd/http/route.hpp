#pragma once

#include "peerjsd/core/message.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace peerjsd::http {

/// What a request asks for: a closed set.
namespace route {

struct Info {};  ///< GET P/

struct NewId {  ///< GET P/:key/id
  std::string key;
};

struct Peers {  ///< GET P/:key/peers
  std::string key;
};

struct WebSocket {  ///< P/peerjs, with what the query says
  std::string key;
  std::string id;
  std::string token;
  bool has_version = false;  ///< sent by peerjs since 1.4
};

struct Stream {  ///< POST P/:key/:id/:token/id
  std::string key;
  std::string id;
  std::string token;
  bool is_renewal = false;  ///< ?i=N with N > 0: peerjs 0.3.x asks for another every 25 s
};

struct Message {  ///< POST P/:key/:id/:token/ and offer, answer, candidate or leave
  std::string key;
  std::string id;
  std::string token;
  core::MessageType verb{};
};

struct Preflight {};  ///< OPTIONS of anything

struct NotFound {};

struct BadTarget {};  ///< a broken percent escape

}  // namespace route

using Route = std::variant<route::Info, route::NewId, route::Peers, route::WebSocket, route::Stream,
                           route::Message, route::Preflight, route::NotFound, route::BadTarget>;

/// Finds the route of a request below one path.
///
/// As in npm peer 1.0.2 the HTTP endpoints are matched without regard to case, the WebSocket's byte
/// for byte. Repeated and trailing slashes do not matter: PeerObjectiveC asks for P//peerjs.
class Router {
 public:
  /// `path`: what all endpoints start with, e.g. "/" or "/myapp/".
  explicit Router(std::string_view path);

  /// `target`: as it stands in the request line; see split_target().
  Route route(std::string_view method, std::string_view target) const;

 private:
  std::vector<std::string> prefix_;
};

}  // namespace peerjsd::http
