#pragma once

#include "peerjsd/core/inheritance.hpp"

#include <ostream>

namespace peerjsd::core {

// What a test that fails says of them.

inline void PrintTo(const PartnerElsewhere& partner, std::ostream* out) {
  *out << partner.id << " (" << partner.mark << ')';
}

inline void PrintTo(const Inheritance::Kept& kept, std::ostream* out) {
  *out << to_string(kept.type) << " of '" << kept.src << "' (" << kept.mark << ") for ("
       << kept.dst_mark << "): " << kept.text << ", since "
       << kept.since.time_since_epoch().count();
}

inline void PrintTo(const Inheritance::Sent& sent, std::ostream* out) {
  *out << to_string(sent.type) << " for '" << sent.dst << "' (" << sent.dst_mark
       << "): " << sent.text << ", since " << sent.since.time_since_epoch().count();
}

inline void PrintTo(const Inheritance& inheritance, std::ostream* out) {
  const auto print_all = [out](const char* title, const auto& all) {
    *out << title;
    for (const auto& each : all) {
      *out << "\n    ";
      PrintTo(each, out);
    }
    *out << '\n';
  };
  print_all("partners:", inheritance.partners);
  print_all("  kept:", inheritance.kept);
  print_all("  sent:", inheritance.sent);
}

}  // namespace peerjsd::core
