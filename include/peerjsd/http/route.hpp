#pragma once

#include "peerjsd/core/message.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace peerjsd::http {

/// What a request asks for: a closed set.
namespace route {

struct Info {};  ///< GET P/

struct Demo {};  ///< GET P/demo

struct NewId {  ///< GET P/:key/id
  std::string key;
};

struct Peers {  ///< GET P/:key/peers
  std::string key;
};

/// GET P/:key/ice: TURN servers, for who may connect with what the query says.
struct IceServers {
  std::string key;
  std::string id;
  std::string token;
};

struct WebSocket {  ///< P/peerjs, with what the query says
  std::string key;
  std::string id;
  std::string token;
  std::optional<std::string> version;  ///< of the client; sent by peerjs since 1.4
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

using Route = std::variant<route::Info, route::Demo, route::NewId, route::Peers, route::IceServers,
                           route::WebSocket, route::Stream, route::Message, route::Preflight,
                           route::NotFound, route::BadTarget>;

/// What was asked for, fit for a log: as it stands in the URL below the server's path, but without
/// tokens, and without what may hold one.
std::string without_secrets(const Route& route);

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
