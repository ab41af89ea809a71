#include "peerjsd/outbound/resolver.hpp"

#include <optional>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace peerjsd::outbound {
namespace {

class ResolverTest : public testing::Test {
 protected:
  LookUp look_up(const Address& address) {
    return resolve(io_, address, [this](const auto& endpoints) { found_ = endpoints; });
  }

  boost::asio::io_context io_;
  std::optional<std::vector<Endpoint>> found_;
};

TEST_F(ResolverTest, FindsNamesAndAddresses) {
  for (const Address& address : {Address{"localhost", 80}, Address{"127.0.0.1", 80}}) {
    found_.reset();
    io_.restart();
    const LookUp under_way = look_up(address);
    EXPECT_FALSE(found_) << "it comes from the loop";
    io_.run();
    ASSERT_TRUE(found_);
    EXPECT_FALSE(found_->empty()) << address.host;
  }
}

TEST_F(ResolverTest, NeverAnswersForALookUpThatIsGivenUp) {
  for (const Address& address : {Address{"localhost", 80}, Address{"127.0.0.1", 80}}) {
    io_.restart();
    look_up(address).reset();
    io_.run();
    EXPECT_FALSE(found_) << address.host;
  }
}

TEST_F(ResolverTest, TheLoopDoesNotWaitForALookUpThatIsGivenUp) {
  look_up({"a-name-that-nobody-has.invalid", 80}).reset();
  io_.poll();
  EXPECT_TRUE(io_.stopped());
}

}  // namespace
}  // namespace peerjsd::outbound
