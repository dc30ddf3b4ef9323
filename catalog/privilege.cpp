#include "catalog/privilege.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tailrace::catalog {

namespace {

struct Name {
  Privilege privilege;
  char letter;
  std::string_view word;
};
constexpr std::array<Name, 10> names = {{
    {Privilege::insert, 'a', "INSERT"},
    {Privilege::select, 'r', "SELECT"},
    {Privilege::update, 'w', "UPDATE"},
    {Privilege::delete_, 'd', "DELETE"},
    {Privilege::usage, 'U', "USAGE"},
    {Privilege::create, 'C', "CREATE"},
    {Privilege::create_role, 'R', "CREATEROLE"},
    {Privilege::create_database, 'B', "CREATEDB"},
    {Privilege::create_cluster, 'N', "CREATECLUSTER"},
    {Privilege::create_network_policy, 'P', "CREATENETWORKPOLICY"},
}};

bool holds(PrivilegeSet set, Privilege privilege) {
  return (set & static_cast<PrivilegeSet>(privilege)) != 0;
}

Acl::iterator find(Acl& acl, const AclItem& item) {
  return std::find_if(acl.begin(), acl.end(), [&](const AclItem& each) {
    return each.grantee == item.grantee && each.grantor == item.grantor;
  });
}

}  // namespace

std::string privilege_letters(PrivilegeSet privileges) {
  std::string text;
  for (const Name& name : names) {
    if (holds(privileges, name.privilege)) text += name.letter;
  }
  return text;
}

std::string privilege_words(PrivilegeSet privileges) {
  std::string text;
  for (const Name& name : names) {
    if (!holds(privileges, name.privilege)) continue;
    if (!text.empty()) text += ", ";
    text += name.word;
  }
  return text;
}

void grant(Acl& acl, const AclItem& item) {
  const auto found = find(acl, item);
  if (found == acl.end()) {
    if (item.privileges != 0) acl.push_back(item);
  } else {
    found->privileges |= item.privileges;
  }
}

bool revoke(Acl& acl, RoleId grantee, PrivilegeSet privileges) {
  bool revoked = false;
  for (AclItem& item : acl) {
    if (item.grantee != grantee || (item.privileges & privileges) == 0) continue;
    item.privileges &= static_cast<PrivilegeSet>(~privileges);
    revoked = true;
  }
  std::erase_if(acl, [](const AclItem& item) { return item.privileges == 0; });
  return revoked;
}

void hand_over(Acl& acl, RoleId from, RoleId to) {
  Acl changed;
  for (AclItem item : acl) {
    if (item.grantee == from) item.grantee = to;
    if (item.grantor == from) item.grantor = to;
    grant(changed, item);
  }
  acl = std::move(changed);
}

std::string to_string(const AclItem& item) {
  // PUBLIC prints as an empty grantee.
  std::string text = item.grantee.space == RoleId::Space::public_ ? "" : item.grantee.to_string();
  return text + '=' + privilege_letters(item.privileges) + '/' + item.grantor.to_string();
}

std::optional<AclItem> parse_acl_item(std::string_view text) {
  const auto equals = text.find('=');
  const auto slash = text.find('/', equals == std::string_view::npos ? 0 : equals);
  if (equals == std::string_view::npos || slash == std::string_view::npos) return std::nullopt;
  const auto grantee = RoleId::parse(equals == 0 ? "p" : text.substr(0, equals));
  const auto grantor = RoleId::parse(text.substr(slash + 1));
  if (!grantee || !grantor) return std::nullopt;
  AclItem item{*grantee, *grantor, 0};
  for (const char c : text.substr(equals + 1, slash - equals - 1)) {
    bool known = false;
    for (const Name& name : names) {
      if (name.letter != c) continue;
      item.privileges |= static_cast<PrivilegeSet>(name.privilege);
      known = true;
    }
    if (!known) return std::nullopt;
  }
  return item;
}

}  // namespace tailrace::catalog
