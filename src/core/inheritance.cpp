#include "peerjsd/core/inheritance.hpp"

namespace peerjsd::core {

void Inheritance::append(const Inheritance& more) {
  const auto add = [](auto& all, const auto& others) {
    all.insert(all.end(), others.begin(), others.end());
  };
  add(partners, more.partners);
  add(kept, more.kept);
  add(sent, more.sent);
}

}  // namespace peerjsd::core
