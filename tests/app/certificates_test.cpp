#include "peerjsd/app/certificates.hpp"

#include "support/tls_files.hpp"

#include <chrono>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

namespace peerjsd::app {
namespace {

using namespace std::chrono_literals;

class CertificatesTest : public testing::Test {
 protected:
  void SetUp() override {
    write();
    ASSERT_EQ(certificates_.load(), "");
  }

  /// Another certificate with its key, a minute newer than the last.
  void write() {
    const test::Key key = test::make_key();
    const auto certificate = test::make_certificate("localhost", key.get(), "localhost", key.get());
    age_ -= 1min;
    set_time(directory_.write("cert.pem", test::pem(certificate.get())));
    set_time(directory_.write("key.pem", test::pem(key.get())));
  }

  void set_time(const std::string& file) const {
    std::filesystem::last_write_time(file, start_ - age_);
  }

  test::TemporaryDirectory directory_;
  std::filesystem::file_time_type start_ = std::filesystem::file_time_type::clock::now();
  std::chrono::minutes age_ = 60min;
  Certificates certificates_{{directory_.path("cert.pem"), directory_.path("key.pem")}};
};

TEST_F(CertificatesTest, HaveNotChangedWhereNothingWasWritten) {
  for (int i = 0; i <= FileWatch::kCallsBeforeRetry; ++i) ASSERT_FALSE(certificates_.is_due());
}

TEST_F(CertificatesTest, HaveChangedWhenTheyAreOthersAndStayThat) {
  write();
  EXPECT_FALSE(certificates_.is_due());
  EXPECT_TRUE(certificates_.is_due());
  EXPECT_EQ(certificates_.load(), "");
  EXPECT_FALSE(certificates_.is_due());
}

TEST_F(CertificatesTest, HaveNotChangedWhileTheyStillDo) {
  for (int i = 0; i < 3; ++i) {
    write();
    EXPECT_FALSE(certificates_.is_due());
  }
  EXPECT_TRUE(certificates_.is_due());
}

TEST_F(CertificatesTest, GoOnWhileOneIsMissing) {
  SSL_CTX* const before = certificates_.context().handle();
  std::filesystem::remove(directory_.path("key.pem"));
  EXPECT_FALSE(certificates_.is_due());
  EXPECT_TRUE(certificates_.is_due());
  EXPECT_NE(certificates_.load(), "");
  EXPECT_EQ(certificates_.context().handle(), before);
}

TEST_F(CertificatesTest, AreTriedAgainWhenTheyAreNoGood) {
  SSL_CTX* const before = certificates_.context().handle();
  write();
  directory_.write("key.pem", "nonsense");
  set_time(directory_.path("key.pem"));
  certificates_.is_due();
  EXPECT_TRUE(certificates_.is_due());
  EXPECT_NE(certificates_.load(), "");
  EXPECT_EQ(certificates_.context().handle(), before) << "the old one goes on";
  EXPECT_FALSE(certificates_.is_due()) << "as long as they are the same";
  write();
  certificates_.is_due();
  EXPECT_TRUE(certificates_.is_due());
  EXPECT_EQ(certificates_.load(), "");
}

}  // namespace
}  // namespace peerjsd::app
