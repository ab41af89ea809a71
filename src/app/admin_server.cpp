#include "peerjsd/app/admin_server.hpp"

#include "peerjsd/net/request_reader.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <spdlog/spdlog.h>

namespace peerjsd::app {

namespace asio = boost::asio;
namespace bhttp = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::chrono::seconds kIdle{75};  // longer than any scrape interval
constexpr std::chrono::seconds kWriting{10};
constexpr net::RequestReader::Limits kLimits{.head_bytes = std::size_t{8} * 1024, .body_bytes = 0};

struct Answer {
  std::string wire;
  bool keep_alive;
};

http::Reply in_full(AdminApi::Reply reply) {
  http::Reply full{reply.status, std::move(reply.body), {}};
  full.headers = {{"Content-Type", std::string(reply.content_type)}, {"Cache-Control", "no-store"}};
  if (reply.status == 401) full.headers.emplace_back("WWW-Authenticate", "Bearer");
  return full;
}

/// What a coroutine waits for; whoever answers later may find it gone.
struct Awaited {
  explicit Awaited(const asio::any_io_executor& executor)
      : event(executor, asio::steady_timer::time_point::max()) {}

  std::optional<AdminApi::Reply> reply;
  asio::steady_timer event;
};

asio::awaitable<AdminApi::Reply> reply_of(AdminApi& api, const net::HttpRequest& request) {
  const auto awaited = std::make_shared<Awaited>(co_await asio::this_coro::executor);
  const AdminApi::OnReply on_reply = [awaited](AdminApi::Reply reply) {
    awaited->reply = std::move(reply);
    awaited->event.cancel();
  };
  const AdminApi::Request asked{net::view(request.method_string()), net::view(request.target()),
                                net::view(request[bhttp::field::authorization])};
  api.answer(asked, on_reply);
  error_code ignored;
  while (!awaited->reply) {
    co_await awaited->event.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  co_return std::move(*awaited->reply);
}

Answer answer(const net::HttpRequest& request, AdminApi::Reply reply) {
  const net::AnswerForm form{.version = request.version(),
                             .keep_alive = request.keep_alive(),
                             .with_body = request.method() != bhttp::verb::head};
  return {net::to_wire(in_full(std::move(reply)), form), form.keep_alive};
}

Answer refusal(const net::RequestFault& fault) {
  const std::string text = std::string(fault.reason) + "\n";
  return {net::to_wire({fault.status, text, {{"Content-Type", "text/plain"}}}, {}), false};
}

/// False once the client has ended, or been silent for too long.
asio::awaitable<bool> read_more(boost::beast::tcp_stream& stream, std::string& input) {
  constexpr std::size_t piece = 4096;
  const std::size_t size = input.size();
  input.resize(size + piece);
  error_code error;
  stream.expires_after(kIdle);
  const std::size_t got = co_await stream.async_read_some(
      asio::buffer(input.data() + size, piece), asio::redirect_error(asio::use_awaitable, error));
  input.resize(size + got);
  co_return !error;
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
  net::RequestReader reader(kLimits);
  std::string input;
  error_code error;
  for (bool goes_on = true; goes_on;) {
    std::string_view rest = input;
    const auto result = reader.read(rest);
    input.erase(0, input.size() - rest.size());
    if (result == net::RequestReader::Result::NeedMore) {
      goes_on = co_await read_more(stream, input);
      continue;
    }
    Answer next;
    if (result == net::RequestReader::Result::Faulty) {
      next = refusal(reader.fault());
    } else {
      const net::HttpRequest request = reader.release();
      AdminApi::Reply reply = co_await reply_of(api_, request);
      next = answer(request, std::move(reply));
    }
    stream.expires_after(kWriting);
    co_await asio::async_write(stream, asio::buffer(next.wire),
                               asio::redirect_error(asio::use_awaitable, error));
    goes_on = next.keep_alive && !error;
  }
  stream.socket().shutdown(tcp::socket::shutdown_send, error);
}

}  // namespace peerjsd::app
