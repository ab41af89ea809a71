#include "peerjsd/app/health_check.hpp"

#include <chrono>
#include <exception>
#include <optional>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>

namespace peerjsd::app {
namespace {

namespace asio = boost::asio;
using asio::use_awaitable;
using asio::ip::tcp;

constexpr std::chrono::seconds kPatience{5};

/// Where somebody answers, but not as expected.
constexpr const char* kRemedy = "; --health_check has to be given the options that the server has";

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

std::string request(const Question& question) {
  const bool is_ipv6 = question.host.find(':') != std::string::npos;
  const std::string host = is_ipv6 ? "[" + question.host + "]" : question.host;
  return "GET " + question.target + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n";
}

template <class Stream>
asio::awaitable<std::string> first_line(Stream& stream, const Question& question) {
  constexpr std::size_t longest = 1024;
  const std::string wire = request(question);
  co_await asio::async_write(stream, asio::buffer(wire), use_awaitable);
  std::string answer;
  const std::size_t size = co_await asio::async_read_until(
      stream, asio::dynamic_buffer(answer, longest), "\r\n", use_awaitable);
  co_return answer.substr(0, size - 2);
}

asio::awaitable<std::string> ask(tcp::socket& socket, const Question& question) {
  tcp::resolver resolver(socket.get_executor());
  const auto found = resolver.resolve(question.host, std::to_string(question.port));
  co_await asio::async_connect(socket, found, use_awaitable);
  if (!question.is_secure) {
    co_return co_await first_line(socket, question);
  }
  // Whose certificate it is, is for clients to look at.
  asio::ssl::context tls(asio::ssl::context::tls_client);
  asio::ssl::stream<tcp::socket&> stream(socket, tls);
  co_await stream.async_handshake(asio::ssl::stream_base::client, use_awaitable);
  co_return co_await first_line(stream, question);
}

std::string explain(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const boost::system::system_error& error) {
    const bool speaks_no_tls = error.code().category() == asio::error::get_ssl_category();
    return error.code().message() + (speaks_no_tls ? kRemedy : "");
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
                 [&problem](const std::exception_ptr& failure, const std::string& line) {
                   if (failure) {
                     problem = explain(failure);
                   } else {
                     problem =
                         line.starts_with("HTTP/1.1 200 ") ? "" : "it answered: " + line + kRemedy;
                   }
                 });
  io.run_for(kPatience);
  if (problem.empty()) return {};
  return asked.host + ", port " + std::to_string(asked.port) + ": " + problem;
}

}  // namespace peerjsd::app
