#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

namespace peerjsd::test {

/// Speaks HTTP as it is told to, on the loop of the test: it reads requests whose bodies have a
/// length, and writes whatever bytes are the answer.
class WebService {
 public:
  using tcp = boost::asio::ip::tcp;

  /// With TLS if there is a context, which has to outlive it.
  explicit WebService(boost::asio::io_context& io, boost::asio::ssl::context* tls = nullptr)
      : tls_(tls), acceptor_(io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {
    accept();
  }
  ~WebService() { end_all(); }

  unsigned short port() const { return acceptor_.local_endpoint().port(); }

  static std::string ok(const std::string& body = "{}", const std::string& headers = "") {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers +
           "\r\n" + body;
  }

  /// Nothing: there is no answer.
  std::function<std::optional<std::string>(const std::string& body)> answer =
      [](const std::string&) { return ok(); };
  bool ends_after_answer = false;
  std::vector<std::string> heads;
  std::vector<std::string> bodies;
  std::size_t connections = 0;

  std::size_t open_connections() const {
    return std::erase_if(sessions_, is_gone), sessions_.size();
  }

  /// What follows without having been asked for.
  void say(const std::string& bytes) {
    for (const auto& each : sessions_) {
      if (const auto session = each.lock()) session->write(bytes);
    }
  }

  void end_all() {
    for (const auto& each : sessions_) {
      if (const auto session = each.lock()) session->end();
    }
  }

  /// Nobody is let in any more.
  void stop() {
    acceptor_.close();
    end_all();
  }

 private:
  struct Session : std::enable_shared_from_this<Session> {
    Session(WebService& of, tcp::socket with) : service(of), socket(std::move(with)) {}

    void start() {
      if (service.tls_ == nullptr) return read();
      secured.emplace(socket, *service.tls_);
      secured->async_handshake(boost::asio::ssl::stream_base::server,
                               [self = shared_from_this()](boost::system::error_code error) {
                                 if (!error) self->read();
                               });
    }
    void read() {
      const auto on_read = [self = shared_from_this()](boost::system::error_code error,
                                                       std::size_t size) {
        if (error || self->ended) return;
        self->input.append(self->buffer.data(), size);
        self->take();
        if (!self->ended) self->read();
      };
      if (secured) {
        secured->async_read_some(boost::asio::buffer(buffer), on_read);
      } else {
        socket.async_read_some(boost::asio::buffer(buffer), on_read);
      }
    }
    void take() {
      const std::string name = "Content-Length: ";
      for (;;) {
        const std::size_t head = input.find("\r\n\r\n");
        if (head == std::string::npos) return;
        const std::size_t length = std::stoul(input.substr(input.find(name) + name.size()));
        if (input.size() < head + 4 + length) return;
        service.heads.push_back(input.substr(0, head + 4));
        service.bodies.push_back(input.substr(head + 4, length));
        input.erase(0, head + 4 + length);
        const auto said = service.answer(service.bodies.back());
        if (said) write(*said);
        if (said && service.ends_after_answer) return end();
      }
    }
    void write(const std::string& bytes) {
      if (secured) {
        boost::asio::write(*secured, boost::asio::buffer(bytes));
      } else {
        boost::asio::write(socket, boost::asio::buffer(bytes));
      }
    }
    void end() {
      ended = true;
      socket.close();
    }

    WebService& service;
    tcp::socket socket;
    std::optional<boost::asio::ssl::stream<tcp::socket&>> secured;
    std::array<char, 4096> buffer{};
    std::string input;
    bool ended = false;
  };

  static bool is_gone(const std::weak_ptr<Session>& session) { return session.expired(); }

  void accept() {
    acceptor_.async_accept([this](boost::system::error_code error, tcp::socket socket) {
      if (error) return;
      ++connections;
      const auto session = std::make_shared<Session>(*this, std::move(socket));
      sessions_.push_back(session);
      session->start();
      accept();
    });
  }

  boost::asio::ssl::context* tls_;
  tcp::acceptor acceptor_;
  mutable std::vector<std::weak_ptr<Session>> sessions_;
};

}  // namespace peerjsd::test
