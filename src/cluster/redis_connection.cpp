#include "peerjsd/cluster/redis_connection.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <new>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>

namespace peerjsd::cluster {
namespace {

using boost::system::error_code;

struct FreeReply {
  void operator()(redisReply* reply) const { ::freeReplyObject(reply); }
};

bool is_message(const redisReply& reply) {
  return reply.type == REDIS_REPLY_ARRAY && reply.elements == 3 &&
         text_of(*reply.element[0]) == "message";
}

void append_command(std::string& out, std::span<const std::string_view> words) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const std::string_view word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  char* command = nullptr;
  const int size = ::redisFormatCommandArgv(&command, static_cast<int>(words.size()), texts.data(),
                                            sizes.data());
  if (size < 0) throw std::bad_alloc();
  out.append(command, static_cast<std::size_t>(size));
  ::redisFreeCommand(command);
}

}  // namespace

std::string_view text_of(const redisReply& reply) {
  return reply.str == nullptr ? std::string_view()
                              : std::string_view(reply.str, static_cast<std::size_t>(reply.len));
}

RedisConnection::RedisConnection(boost::asio::io_context& io, const PatienceClock& clock,
                                 OnEnd on_end)
    : io_(io),
      clock_(clock),
      stream_(io),
      on_end_(std::move(on_end)),
      reader_(::redisReaderCreate()) {}

void RedisConnection::connect(const outbound::Endpoint& endpoint) {
  progress_ = clock_.now();
  stream_.connect(endpoint, [self = shared_from_this()](error_code error) {
    if (self->ended_) return;
    if (error) return self->end(error.message());
    self->shake_hands();
  });
}

void RedisConnection::shake_hands() {
  stream_.shake_hands([self = shared_from_this()](const std::string& problem) {
    if (self->ended_) return;
    if (!problem.empty()) return self->end(problem);
    self->begin();
  });
}

void RedisConnection::begin() {
  is_connected_ = true;
  flush();
  read();
}

void RedisConnection::send(std::span<const std::string_view> command, OnReply on_reply) {
  if (ended_) return;
  append_command(unsent_, command);
  owed_.push_back({clock_.now(), std::move(on_reply)});
  flush_soon();
}

void RedisConnection::send_secret(std::initializer_list<std::string_view> command) {
  if (ended_) return;
  send(command, {});
  owed_.back().is_secret = true;
}

/// Where the way is full, that something passes counts as a sign of life, however long the replies
/// take: a slow way is not to be taken for a dead one. That Redis itself hangs while its system
/// takes in all that comes is known by the PINGs of the connection that subscribes: nothing goes
/// before them.
void RedisConnection::watch_way() {
  if (!is_connected_) return;
  const auto passage = stream_.passage();
  if (!passage) return;
  if (passage_.is_full && passage->acknowledged > passage_.acknowledged) progress_ = clock_.now();
  passage_ = *passage;
}

core::Duration RedisConnection::silence() const {
  const core::Duration silence = clock_.now() - progress_;
  return is_connected_ ? std::min(silence, debt()) : silence;
}

core::Duration RedisConnection::debt() const {
  return owed_.empty() ? core::Duration::zero() : clock_.now() - owed_.front().since;
}

std::string_view RedisConnection::waits_for() const {
  if (is_connected_) return "answer";
  return stream_.has_tls() ? "TLS handshake" : "connection";
}

void RedisConnection::flush_soon() {
  if (std::exchange(flush_posted_, true)) return;
  boost::asio::post(io_, [self = shared_from_this()] { self->flush(); });
}

void RedisConnection::flush() {
  flush_posted_ = false;
  if (ended_ || !is_connected_ || !sending_.empty() || unsent_.empty()) return;
  sending_.swap(unsent_);
  sent_ = 0;
  write();
}

void RedisConnection::write() {
  stream_.with_layer([this](auto& layer) {
    layer.async_write_some(boost::asio::buffer(sending_) + sent_,
                           [self = shared_from_this()](error_code error, std::size_t size) {
                             self->on_written(error, size);
                           });
  });
}

void RedisConnection::on_written(error_code error, std::size_t size) {
  if (ended_) return;
  if (error) return end(error.message());
  sent_ += size;
  if (sent_ < sending_.size()) return write();
  sending_.clear();
  sent_ = 0;
  flush();
}

void RedisConnection::read() {
  stream_.with_layer([this](auto& layer) {
    layer.async_read_some(boost::asio::buffer(buffer_),
                          [self = shared_from_this()](error_code error, std::size_t size) {
                            self->on_read(error, size);
                          });
  });
}

void RedisConnection::on_read(error_code error, std::size_t size) {
  if (ended_) return;
  if (error) return end(error.message());
  progress_ = clock_.now();
  ::redisReaderFeed(reader_.get(), buffer_.data(), size);
  take_replies();
  if (!ended_) read();
}

void RedisConnection::take_replies() {
  while (!ended_) {
    void* object = nullptr;
    if (::redisReaderGetReply(reader_.get(), &object) != REDIS_OK) {
      return end(std::string("not understood: ") + reader_->errstr);
    }
    if (object == nullptr) return;
    const std::unique_ptr<redisReply, FreeReply> reply(static_cast<redisReply*>(object));
    try {
      take(*reply);
    } catch (const std::exception& error) {
      return end(std::string("what it says cannot be handled: ") + error.what());
    }
  }
}

void RedisConnection::take(const redisReply& reply) {
  if (on_message_ && is_message(reply)) return on_message_(text_of(*reply.element[2]));
  if (reply.type == REDIS_REPLY_ERROR) return end(problem_of(reply));
  if (owed_.empty()) return end("a reply to nothing");
  const OnReply on_reply = std::move(owed_.front().on_reply);
  owed_.pop_front();
  if (on_reply) on_reply(reply);
}

/// What an error says.
std::string RedisConnection::problem_of(const redisReply& error) const {
  const std::string_view text = text_of(error);
  const bool is_secret = !owed_.empty() && owed_.front().is_secret;
  return std::string(is_secret ? text.substr(0, text.find_first_of("'`\"")) : text);
}

void RedisConnection::end(const std::string& why) {
  const OnEnd on_end = std::move(on_end_);
  close();
  if (on_end) on_end(why);
}

void RedisConnection::close() {
  ended_ = true;
  on_end_ = nullptr;
  owed_.clear();
  stream_.close();
}

}  // namespace peerjsd::cluster
