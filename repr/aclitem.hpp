// mz_aclitem and aclitem: who may do what, granted by whom.
//
// They lie in columns as their text on the wire, `grantee=letters/grantor`, with the letters in a
// fixed order. mz_aclitem names roles by id (u1, s2, g3; nothing or `p` is PUBLIC), aclitem by oid.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tailrace {

// The letters of both types, each the bit at its place in AclItem::privileges: "arwdUCRBNP".
inline constexpr std::string_view acl_letters = "arwdUCRBNP";

struct AclItem {
  std::string grantee;  // empty: PUBLIC
  std::string grantor;
  std::uint64_t privileges = 0;  // bit i: acl_letters[i]
  friend bool operator==(const AclItem&, const AclItem&) = default;
};

AclItem parse_acl_item(std::string_view text, const char* type);  // throws 22P02
std::string to_text(const AclItem& item);

}  // namespace tailrace
