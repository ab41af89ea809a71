#include "peerjsd/outbound/passage.hpp"

#include "support/loop.hpp"

#include <cstdint>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

namespace peerjsd::outbound {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

class PassageTest : public testing::Test {
 protected:
  PassageTest() {
    tcp::acceptor acceptor(io_, {asio::ip::address_v4::loopback(), 0});
    sender_.connect(acceptor.local_endpoint());
    acceptor.accept(receiver_);
    sender_.non_blocking(true);
    begin_ = passage().acknowledged;
  }

  Passage passage() { return passage_of(sender_.native_handle()).value(); }

  std::uint64_t acknowledged() { return passage().acknowledged - begin_; }

  /// An acknowledgement may take its time.
  bool are_acknowledged(std::size_t bytes) {
    return test::run_until(io_, [&] { return acknowledged() == bytes; });
  }

  /// As much as the way takes. How much that was.
  std::size_t fill() {
    const std::string text(64 * 1024, 'x');
    std::size_t sum = 0;
    boost::system::error_code error;
    while (!error) sum += sender_.write_some(asio::buffer(text), error);
    return sum;
  }

  asio::io_context io_;
  tcp::socket sender_{io_};
  tcp::socket receiver_{io_};
  std::uint64_t begin_ = 0;  // of what is no byte of ours
};

TEST_F(PassageTest, WhatPassesAtOnceDoesNotFillTheWay) {
  asio::write(sender_, asio::buffer("hello", 5));
  EXPECT_TRUE(are_acknowledged(5));
  EXPECT_FALSE(passage().is_full);
}

TEST_F(PassageTest, TheWayIsFullUntilSomebodyReads) {
  const std::size_t all = fill();
  EXPECT_TRUE(passage().is_full);
  EXPECT_LT(acknowledged(), all);
  std::string read(all, ' ');
  asio::read(receiver_, asio::buffer(read));
  EXPECT_TRUE(are_acknowledged(all));
  EXPECT_FALSE(passage().is_full);
}

TEST_F(PassageTest, OfAUnixSocketNothingIsKnown) {
  asio::local::stream_protocol::socket one(io_);
  asio::local::stream_protocol::socket other(io_);
  asio::local::connect_pair(one, other);
  EXPECT_FALSE(passage_of(one.native_handle()));
}

}  // namespace
}  // namespace peerjsd::outbound
