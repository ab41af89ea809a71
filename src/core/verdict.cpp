#include "peerjsd/core/verdict.hpp"

namespace peerjsd::core {

bool is_admitted(Admission admission) {
  return admission == Admission::Opened || admission == Admission::Resumed;
}

std::string refusal_reason(Admission admission, std::string_view address) {
  switch (admission) {
    case Admission::Incomplete:
      return "No id, token, or key supplied to websocket server";
    case Admission::InvalidKey:
      return "Invalid key provided";
    case Admission::IdTooLong:
      return "ID is too long";
    case Admission::TokenTooLong:
      return "Token is too long";
    case Admission::IdNotAllowed:
      return "ID is not allowed";
    case Admission::IdTaken:
      return "ID is taken";
    case Admission::LimitReached:
      return "Server has reached its concurrent user limit";
    case Admission::AddressLimitReached:
      return std::string(address) + " has reached its concurrent user limit";
    case Admission::OwnerLimitReached:
      return "Token has reached its concurrent user limit";
    case Admission::Unavailable:
      return "The server cannot reach its cluster, try again later";
    case Admission::Opened:
    case Admission::Resumed:
    case Admission::Standby:
    case Admission::Later:
    case Admission::Pending:
    case Admission::Contested:
      break;
  }
  return {};
}

std::string refusal(Admission admission, std::string_view address) {
  if (admission == Admission::IdTaken) return std::string(kIdTakenText);
  return error_text(refusal_reason(admission, address));
}

std::string_view complaint(Receipt receipt) {
  switch (receipt) {
    case Receipt::NotUtf8:
      return to_string(ParseError::NotUtf8);
    case Receipt::NotJson:
      return to_string(ParseError::NotJson);
    case Receipt::NotAnObject:
      return to_string(ParseError::NotAnObject);
    case Receipt::TooDeep:
      return to_string(ParseError::TooDeep);
    case Receipt::UnknownType:
      return "not a type that clients send";
    case Receipt::WrongVerb:
      return "its type is not that of the URL";
    case Receipt::NoDestination:
      return "no dst";
    case Receipt::NotAllowed:
      return "not allowed by a token";
    case Receipt::Unauthorized:
      return "nobody is registered with this key, id and token";
    default:
      return {};
  }
}

Receipt receipt_of(ParseError error) {
  switch (error) {
    case ParseError::NotUtf8:
      return Receipt::NotUtf8;
    case ParseError::NotJson:
      return Receipt::NotJson;
    case ParseError::NotAnObject:
      return Receipt::NotAnObject;
    case ParseError::TooDeep:
      break;
  }
  return Receipt::TooDeep;
}

}  // namespace peerjsd::core
