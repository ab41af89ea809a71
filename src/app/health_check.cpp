#include "peerjsd/app/health_check.hpp"

#include <chrono>
#include <exception>
#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/system/system_error.hpp>

namespace peerjsd::app {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::use_awaitable;
using asio::ip::tcp;

constexpr std::chrono::seconds kPatience{5};

/// What is asked, and where.
struct Question {
  std::string host;
  std::uint16_t port;
  std::string target;
  bool is_secure;
};

std::string reachable(const std::string& host) {
  if (host.empty() || host == "0.0.0.0") return "127.0.0.1";
  return host == "::" ? "::1" : host;
}

Question question(const Config& config) {
  if (config.admin_port != 0) {
    return {reachable(config.admin_host), config.admin_port, "/healthz", false};
  }
  return {reachable(config.host), config.port, config.path, !config.sslcert.empty()};
}

template <class Stream>
asio::awaitable<unsigned> status_of(Stream& stream, const Question& question) {
  http::request<http::empty_body> request(http::verb::get, question.target, 11);
  const bool is_ipv6 = question.host.find(':') != std::string::npos;
  request.set(http::field::host, is_ipv6 ? "[" + question.host + "]" : question.host);
  request.set(http::field::connection, "close");
  co_await http::async_write(stream, request, use_awaitable);
  boost::beast::flat_buffer buffer;
  http::response<http::string_body> response;
  co_await http::async_read(stream, buffer, response, use_awaitable);
  co_return response.result_int();
}

asio::awaitable<unsigned> ask(tcp::socket& socket, const Question& question) {
  tcp::resolver resolver(socket.get_executor());
  const auto found = resolver.resolve(question.host, std::to_string(question.port));
  co_await asio::async_connect(socket, found, use_awaitable);
  if (!question.is_secure) co_return co_await status_of(socket, question);
  // Whose certificate it is, is for clients to look at.
  asio::ssl::context tls(asio::ssl::context::tls_client);
  asio::ssl::stream<tcp::socket&> stream(socket, tls);
  co_await stream.async_handshake(asio::ssl::stream_base::client, use_awaitable);
  co_return co_await status_of(stream, question);
}

std::string explain(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const boost::system::system_error& error) {
    return error.code().message();
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace

std::string health_problem(const Config& config) {
  const Question asked = question(config);
  std::string problem = "no answer within 5 seconds";
  asio::io_context io(1);
  tcp::socket socket(io);
  asio::co_spawn(io, ask(socket, asked),
                 [&problem](const std::exception_ptr& failure, unsigned status) {
                   if (failure) {
                     problem = explain(failure);
                   } else {
                     problem = status == 200 ? "" : "it answered " + std::to_string(status);
                   }
                 });
  io.run_for(kPatience);
  if (problem.empty()) return {};
  return asked.host + ", port " + std::to_string(asked.port) + ": " + problem;
}

}  // namespace peerjsd::app
