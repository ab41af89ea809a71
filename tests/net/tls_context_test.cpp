#include "peerjsd/net/tls.hpp"
#include "support/tls_files.hpp"

#include <string>
#include <variant>

#include <gtest/gtest.h>

namespace peerjsd::net {
namespace {

using test::make_certificate;
using test::make_key;
using test::pem;

class TlsContextTest : public testing::Test {
 protected:
  std::string self_signed(long from = -3600, long until = 3600) const {
    return pem(
        make_certificate("localhost", key_.get(), "localhost", key_.get(), from, until).get());
  }

  /// What is wrong with them, without the directory; empty if nothing is.
  std::string problem(const std::string& certificate, const std::string& key) const {
    return problem_of(
        {directory_.write("cert.pem", certificate), directory_.write("key.pem", key)});
  }

  std::string problem_of(const TlsFiles& files) const {
    const auto loaded = TlsContext::load(files);
    const auto* const text = std::get_if<std::string>(&loaded);
    if (text == nullptr) return {};
    EXPECT_EQ(text->find('\n'), std::string::npos) << *text;
    const std::string directory = directory_.path("");
    std::string result = *text;
    if (const auto at = result.find(directory); at != result.npos)
      result.erase(at, directory.size());
    return result;
  }

  test::TemporaryDirectory directory_;
  test::Key key_ = make_key();
};

TEST_F(TlsContextTest, LoadsACertificateAndItsKey) {
  EXPECT_EQ(problem(self_signed(), pem(key_.get())), "");
}

TEST_F(TlsContextTest, LoadsAChain) {
  const test::Key root = make_key();
  const test::Key between = make_key();
  const std::string chain =
      pem(make_certificate("localhost", key_.get(), "between", between.get()).get()) +
      pem(make_certificate("between", between.get(), "root", root.get()).get());
  EXPECT_EQ(problem(chain, pem(key_.get())), "");
}

TEST_F(TlsContextTest, SaysThatTheChainIsOutOfOrder) {
  const std::string leaf =
      pem(make_certificate("localhost", key_.get(), "between", key_.get()).get());
  const std::string root = pem(make_certificate("root", key_.get(), "root", key_.get()).get());
  const std::string between =
      pem(make_certificate("between", key_.get(), "root", key_.get()).get());
  EXPECT_EQ(problem(leaf + root + between, pem(key_.get())),
            "--sslcert: 'cert.pem' is out of order: its certificate number 2 issued none of "
            "those before it; put the server's first, then each one's issuer");
}

TEST_F(TlsContextTest, SaysThatAFileCannotBeRead) {
  const std::string key = directory_.write("key.pem", pem(key_.get()));
  const std::string certificate = directory_.write("cert.pem", self_signed());
  EXPECT_EQ(problem_of({directory_.path("none"), key}),
            "--sslcert: 'none' cannot be read: No such file or directory");
  EXPECT_EQ(problem_of({certificate, directory_.path("none")}),
            "--sslkey: 'none' cannot be read: No such file or directory");
  EXPECT_EQ(problem_of({directory_.path("."), key}),
            "--sslcert: '.' cannot be read: Is a directory");
}

TEST_F(TlsContextTest, SaysThatAFileIsNotWhatItShouldBe) {
  const std::string key = pem(key_.get());
  EXPECT_EQ(problem("", key), "--sslcert: 'cert.pem' is empty");
  EXPECT_EQ(
      problem(key, key),
      "--sslcert: 'cert.pem' holds no certificate in PEM form that can be used (no start line)");
  EXPECT_EQ(problem(self_signed(), self_signed()),
            "--sslkey: 'key.pem' holds no private key in PEM form that can be used (unsupported)");
}

TEST_F(TlsContextTest, SaysThatTheKeyIsAnother) {
  EXPECT_EQ(problem(self_signed(), pem(make_key().get())),
            "--sslkey: 'key.pem' is not the key of the certificate; give the two that were made "
            "together");
}

TEST_F(TlsContextTest, SaysThatTheKeyIsOfAnotherType) {
  const test::Key rsa(EVP_RSA_gen(2048));
  EXPECT_EQ(problem(self_signed(), pem(rsa.get())),
            "--sslkey: 'key.pem' is not the key of the certificate; give the two that were made "
            "together");
}

TEST_F(TlsContextTest, SaysThatTheKeyIsEncrypted) {
  EXPECT_EQ(problem(self_signed(), pem(key_.get(), "secret")),
            "--sslkey: 'key.pem' is encrypted; decrypt it with: openssl pkey -in KEY -out "
            "PLAIN_KEY");
}

TEST_F(TlsContextTest, SaysThatTheCertificateIsNotValidNow) {
  const std::string expired = problem(self_signed(-7200, -3600), pem(key_.get()));
  EXPECT_TRUE(expired.starts_with("--sslcert: 'cert.pem' has expired (")) << expired;
  EXPECT_TRUE(expired.ends_with(" GMT); renew it")) << expired;
  const std::string early = problem(self_signed(3600, 7200), pem(key_.get()));
  EXPECT_TRUE(early.starts_with("--sslcert: 'cert.pem' is not valid before ")) << early;
  EXPECT_TRUE(early.ends_with(" GMT; check the clock")) << early;
}

}  // namespace
}  // namespace peerjsd::net
