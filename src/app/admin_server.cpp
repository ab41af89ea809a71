#include "peerjsd/app/admin_server.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <spdlog/spdlog.h>

namespace peerjsd::app {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::chrono::seconds kIdle{75};  // longer than any scrape interval
constexpr std::chrono::seconds kWriting{10};
constexpr std::size_t kLongestHead = std::size_t{8} * 1024;

using Request = http::request<http::empty_body>;
using Response = http::response<http::string_body>;

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

Response respond(AdminApi& api, const Request& request) {
  AdminApi::Reply reply = api.answer({view(request.method_string()), view(request.target()),
                                      view(request[http::field::authorization])});
  Response response{static_cast<http::status>(reply.status), 11, std::move(reply.body)};
  response.set(http::field::content_type, {reply.content_type.data(), reply.content_type.size()});
  response.set(http::field::cache_control, "no-store");
  if (reply.status == 401) response.set(http::field::www_authenticate, "Bearer");
  response.keep_alive(request.keep_alive());
  response.content_length(response.body().size());
  if (request.method() == http::verb::head) response.body().clear();
  return response;
}

void log_failure(const std::exception_ptr& failure) {
  if (!failure) return;
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    spdlog::error("Admin connection broken off: {}", error.what());
  }
}

}  // namespace

boost::system::result<std::unique_ptr<AdminServer>> AdminServer::listen(asio::io_context& io,
                                                                        const std::string& host,
                                                                        std::uint16_t port,
                                                                        AdminApi& api) {
  error_code error;
  const auto found =
      tcp::resolver(io).resolve(host, std::to_string(port), tcp::resolver::passive, error);
  for (const tcp::endpoint endpoint : found) {
    std::unique_ptr<AdminServer> server(new AdminServer(io, api));
    error = server->bind(endpoint);
    if (!error) return server;
  }
  return error;
}

error_code AdminServer::bind(const tcp::endpoint& endpoint) {
  error_code error;
  if (acceptor_.open(endpoint.protocol(), error)) return error;
  if (acceptor_.set_option(asio::socket_base::reuse_address(true), error)) return error;
  if (acceptor_.bind(endpoint, error)) return error;
  acceptor_.listen(asio::socket_base::max_listen_connections, error);
  return error;
}

AdminServer::AdminServer(asio::io_context& io, AdminApi& api)
    : io_(io), api_(api), acceptor_(io), retry_(io) {}

void AdminServer::start() {
  asio::co_spawn(io_, accept(), log_failure);
}

void AdminServer::stop() {
  error_code ignored;
  acceptor_.close(ignored);
  retry_.cancel();
  for (auto& stream : streams_) stream.close();
}

asio::awaitable<void> AdminServer::accept() {
  for (;;) {
    error_code error;
    tcp::socket socket =
        co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (!acceptor_.is_open()) co_return;
    if (error) {  // out of descriptors, say
      retry_.expires_after(std::chrono::milliseconds(100));
      co_await retry_.async_wait(asio::redirect_error(asio::use_awaitable, error));
    } else {
      if (streams_.size() >= kMostConnections) end_oldest();
      streams_.emplace_front(std::move(socket));
      asio::co_spawn(io_, serve(streams_.begin()), log_failure);
    }
  }
}

/// It is forgotten when its coroutine comes to its end.
void AdminServer::end_oldest() {
  const auto is_open = [](const auto& stream) { return stream.socket().is_open(); };
  const auto oldest = std::find_if(streams_.rbegin(), streams_.rend(), is_open);
  if (oldest != streams_.rend()) oldest->close();
}

asio::awaitable<void> AdminServer::serve(Streams::iterator stream) {
  const auto forget = [this](const Streams::iterator* ended) { streams_.erase(*ended); };
  const std::unique_ptr<const Streams::iterator, decltype(forget)> guard(&stream, forget);
  co_await converse(*stream);
}

asio::awaitable<void> AdminServer::converse(boost::beast::tcp_stream& stream) {
  boost::beast::flat_buffer buffer(kLongestHead);
  error_code error;
  for (bool goes_on = true; goes_on && !error;) {
    http::request_parser<http::empty_body> parser;
    parser.header_limit(kLongestHead);
    stream.expires_after(kIdle);
    co_await http::async_read(stream, buffer, parser,
                              asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    Response response = respond(api_, parser.get());
    goes_on = response.keep_alive();
    stream.expires_after(kWriting);
    co_await http::async_write(stream, response, asio::redirect_error(asio::use_awaitable, error));
  }
  stream.socket().shutdown(tcp::socket::shutdown_send, error);
}

}  // namespace peerjsd::app
