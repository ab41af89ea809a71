#include "peerjsd/core/inheritance.hpp"

#include <set>
#include <utility>

namespace peerjsd::core {

void Inheritance::append(const Inheritance& more) {
  const auto add = [](auto& all, const auto& others) {
    all.insert(all.end(), others.begin(), others.end());
  };
  add(partners, more.partners);
  add(kept, more.kept);
  add(sent, more.sent);
}

std::vector<Inheritance::Kept> Inheritance::take_messages() {
  std::set<std::pair<std::string, std::uint32_t>> senders;
  std::vector<Kept> messages;
  for (Kept& each : std::exchange(kept, {})) {
    const std::pair sender(each.src, each.mark);
    const bool is_taken = !is_notice(each.type) || senders.contains(sender);
    if (is_taken) senders.insert(sender);
    (is_taken ? messages : kept).push_back(std::move(each));
  }
  return messages;
}

}  // namespace peerjsd::core
