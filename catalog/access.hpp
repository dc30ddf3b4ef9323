// Who may do what: which roles a role is, what they hold on an object, and how refusals name it.
//
// Privileges are what an object's list says, for its owner too; PUBLIC's are everybody's. Nothing here knows of
// superusers: who asks does.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "catalog/catalog.hpp"

namespace tailrace::catalog {

struct WholeSystem {
  friend auto operator<=>(const WholeSystem&, const WholeSystem&) = default;
};
// What privileges stand on.
using Guarded = std::variant<WholeSystem, DatabaseId, SchemaId, ClusterId, ItemId>;

// The role, all that it is a member of, directly or not, and PUBLIC.
std::set<RoleId> roles_of(const Catalog& catalog, RoleId role);

// The object must be there.
const Acl& privileges_on(const Catalog& catalog, const Guarded& object);
RoleId owner_of(const Catalog& catalog, const Guarded& object);
PrivilegeSet privileges_held(const Catalog& catalog, const std::set<RoleId>& roles,
                             const Guarded& object);

// What may be granted on objects of the kind; nothing on indexes.
PrivilegeSet applicable_privileges(const Catalog& catalog, const Guarded& object);
PrivilegeSet applicable_privileges(const Item& item);
PrivilegeSet applicable_privileges(std::string_view object_type);  // as DefaultPrivilege has it

// What a new object's list begins with: all for its owner, and the default privileges.
Acl initial_privileges(const Catalog& catalog, std::string_view object_type, RoleId owner,
                       DatabaseId database, SchemaId schema);
Acl initial_privileges(const Catalog& catalog, const Item& item);

// `TABLE` and `materialize.public.t`: the kind in upper case, the full name.
std::string kind_of(const Catalog& catalog, const Guarded& object);
std::string name_of(const Catalog& catalog, const Guarded& object);
// `TABLE "materialize.public.t"`, `SYSTEM`.
std::string describe(const Catalog& catalog, const Guarded& object);
std::string role_name(const Catalog& catalog, RoleId role);  // "PUBLIC" too

}  // namespace tailrace::catalog
