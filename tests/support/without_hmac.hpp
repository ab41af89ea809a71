#pragma once

#include <openssl/evp.h>

namespace peerjsd::test {

/// As long as it lives OpenSSL computes no HMAC: it is to be one of a module that is not there.
class WithoutHmac {
 public:
  WithoutHmac() { ::EVP_set_default_properties(nullptr, "provider=absent"); }
  WithoutHmac(const WithoutHmac&) = delete;
  WithoutHmac& operator=(const WithoutHmac&) = delete;
  ~WithoutHmac() { ::EVP_set_default_properties(nullptr, ""); }
};

}  // namespace peerjsd::test
