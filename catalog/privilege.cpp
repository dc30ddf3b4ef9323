#include "catalog/privilege.hpp"

#include <array>
#include <utility>

namespace tailrace::catalog {

namespace {

constexpr std::array<std::pair<Privilege, char>, 10> letters = {{
    {Privilege::insert, 'a'},
    {Privilege::select, 'r'},
    {Privilege::update, 'w'},
    {Privilege::delete_, 'd'},
    {Privilege::usage, 'U'},
    {Privilege::create, 'C'},
    {Privilege::create_role, 'R'},
    {Privilege::create_database, 'B'},
    {Privilege::create_cluster, 'N'},
    {Privilege::create_network_policy, 'P'},
}};

}  // namespace

std::string to_string(const AclItem& item) {
  // PUBLIC prints as an empty grantee.
  std::string text = item.grantee.space == RoleId::Space::public_ ? "" : item.grantee.to_string();
  text += '=';
  for (const auto& [privilege, letter] : letters) {
    if ((item.privileges & static_cast<PrivilegeSet>(privilege)) != 0) text += letter;
  }
  return text + '/' + item.grantor.to_string();
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
    for (const auto& [privilege, letter] : letters) {
      if (letter != c) continue;
      item.privileges |= static_cast<PrivilegeSet>(privilege);
      known = true;
    }
    if (!known) return std::nullopt;
  }
  return item;
}

}  // namespace tailrace::catalog
