// Privileges as data: who may do what, granted by whom. Prints as mz_aclitem: `u1=UC/s1`.
#pragma once

#include <cstdint>
#include <string>
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

}  // namespace tailrace::catalog
