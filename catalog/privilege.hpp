// Privileges as data: who may do what, granted by whom. Prints as mz_aclitem: `u1=UC/s1`.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/ids.hpp"

namespace tailrace::catalog {

// Bits in the order in which letters print: a r w d U C R B N P.
enum class Privilege : std::uint16_t {
  insert = 1,                   // a
  select = 2,                   // r
  update = 4,                   // w
  delete_ = 8,                  // d
  usage = 16,                   // U
  create = 32,                  // C
  create_role = 64,             // R
  create_database = 128,        // B
  create_cluster = 256,         // N
  create_network_policy = 512,  // P
};
using PrivilegeSet = std::uint16_t;

constexpr PrivilegeSet set_of(std::initializer_list<Privilege> privileges) {
  PrivilegeSet set = 0;
  for (const Privilege privilege : privileges) set |= static_cast<PrivilegeSet>(privilege);
  return set;
}

inline constexpr RoleId everyone{RoleId::Space::public_, 0};
inline constexpr RoleId mz_system_role{RoleId::Space::system, 1};

struct AclItem {
  RoleId grantee;  // Space::public_: everyone
  RoleId grantor;
  PrivilegeSet privileges = 0;
  friend bool operator==(const AclItem&, const AclItem&) = default;
};
using Acl = std::vector<AclItem>;

// "u1=UC/s1"; letters in the reference's order (arwd, UC, RBNP).
std::string to_string(const AclItem& item);
std::optional<AclItem> parse_acl_item(std::string_view text);
std::string privilege_letters(PrivilegeSet privileges);  // "UC"
std::string privilege_words(PrivilegeSet privileges);    // "USAGE, CREATE"

// One entry for each pair of grantee and grantor; it goes with its last letter.
void grant(Acl& acl, const AclItem& item);
// Whoever granted them. False: there was nothing of it.
bool revoke(Acl& acl, RoleId grantee, PrivilegeSet privileges);
// What one role has been granted and has granted becomes another's, as its objects do.
void hand_over(Acl& acl, RoleId from, RoleId to);

}  // namespace tailrace::catalog
