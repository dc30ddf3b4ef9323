#include "catalog/access.hpp"

#include <fmt/format.h>

#include "repr/overloaded.hpp"

namespace tailrace::catalog {

namespace {

std::string upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

// Under which word ALTER DEFAULT PRIVILEGES speaks of the item: relations are all tables.
std::string_view default_type(const Item& item) {
  return item.is_relation() || item.as<Source>() != nullptr ? "table" : item.type_name();
}

}  // namespace

std::set<RoleId> roles_of(const Catalog& catalog, RoleId role) {
  std::set<RoleId> all = {everyone};
  std::vector<RoleId> open = {role};
  while (!open.empty()) {
    const RoleId id = open.back();
    open.pop_back();
    if (!all.insert(id).second) continue;
    const Role* each = catalog.find(id);
    if (each == nullptr) continue;
    for (const auto& [group, grantor] : each->member_of) open.push_back(group);
  }
  return all;
}

const Acl& privileges_on(const Catalog& catalog, const Guarded& object) {
  return std::visit(Overloaded{
                        [&](WholeSystem) -> const Acl& { return catalog.system_privileges(); },
                        [&](ItemId id) -> const Acl& { return catalog.item(id).privileges; },
                        [&](auto id) -> const Acl& { return catalog.find(id)->privileges; },
                    },
                    object);
}

RoleId owner_of(const Catalog& catalog, const Guarded& object) {
  return std::visit(Overloaded{
                        [](WholeSystem) { return mz_system_role; },
                        [&](ItemId id) { return catalog.item(id).owner; },
                        [&](auto id) { return catalog.find(id)->owner; },
                    },
                    object);
}

PrivilegeSet privileges_held(const Catalog& catalog, const std::set<RoleId>& roles,
                             const Guarded& object) {
  PrivilegeSet held = 0;
  for (const AclItem& item : privileges_on(catalog, object)) {
    if (roles.contains(item.grantee)) held |= item.privileges;
  }
  return held;
}

PrivilegeSet applicable_privileges(const Item& item) {
  if (item.as<Table>() != nullptr) {
    return set_of({Privilege::insert, Privilege::select, Privilege::update, Privilege::delete_});
  }
  if (item.is_relation() || item.as<Source>() != nullptr) return set_of({Privilege::select});
  if (item.as<Index>() != nullptr) return 0;
  return set_of({Privilege::usage});
}

PrivilegeSet applicable_privileges(std::string_view object_type) {
  if (object_type == "table") {
    return set_of({Privilege::insert, Privilege::select, Privilege::update, Privilege::delete_});
  }
  if (object_type == "cluster" || object_type == "database" || object_type == "schema")
    return set_of({Privilege::usage, Privilege::create});
  return set_of({Privilege::usage});
}

PrivilegeSet applicable_privileges(const Catalog& catalog, const Guarded& object) {
  return std::visit(
      Overloaded{
          [](WholeSystem) {
            return set_of({Privilege::create_role, Privilege::create_database,
                           Privilege::create_cluster, Privilege::create_network_policy});
          },
          [&](ItemId id) { return applicable_privileges(catalog.item(id)); },
          [](auto) {
            return set_of({Privilege::usage, Privilege::create});
          },
      },
      object);
}

Acl initial_privileges(const Catalog& catalog, std::string_view object_type, RoleId owner,
                       DatabaseId database, SchemaId schema) {
  Acl acl;
  const PrivilegeSet all = applicable_privileges(object_type);
  for (const auto& [key, privileges] : catalog.default_privileges()) {
    const bool applies =
        key.object_type == object_type && (key.creator == everyone || key.creator == owner) &&
        (!key.database || key.database == database) && (!key.schema || key.schema == schema);
    if (applies) grant(acl, {key.grantee, owner, static_cast<PrivilegeSet>(privileges & all)});
  }
  grant(acl, {owner, owner, all});
  return acl;
}

Acl initial_privileges(const Catalog& catalog, const Item& item) {
  const PrivilegeSet all = applicable_privileges(item);
  if (all == 0) return {};
  const Schema* schema = catalog.find(item.schema);
  Acl acl;
  for (AclItem granted :
       initial_privileges(catalog, default_type(item), item.owner, schema->database, schema->id)) {
    granted.privileges &= all;
    grant(acl, granted);
  }
  return acl;
}

std::string kind_of(const Catalog& catalog, const Guarded& object) {
  return std::visit(Overloaded{
                        [](WholeSystem) { return std::string("SYSTEM"); },
                        [](DatabaseId) { return std::string("DATABASE"); },
                        [](SchemaId) { return std::string("SCHEMA"); },
                        [](ClusterId) { return std::string("CLUSTER"); },
                        [&](ItemId id) { return upper(catalog.item(id).type_words()); },
                    },
                    object);
}

std::string name_of(const Catalog& catalog, const Guarded& object) {
  return std::visit(Overloaded{
                        [](WholeSystem) { return std::string(); },
                        [&](DatabaseId id) { return catalog.find(id)->name; },
                        [&](SchemaId id) { return catalog.full_name(*catalog.find(id)); },
                        [&](ClusterId id) { return catalog.find(id)->name; },
                        [&](ItemId id) { return catalog.full_name(catalog.item(id)); },
                    },
                    object);
}

std::string describe(const Catalog& catalog, const Guarded& object) {
  if (std::holds_alternative<WholeSystem>(object)) return "SYSTEM";
  return fmt::format("{} \"{}\"", kind_of(catalog, object), name_of(catalog, object));
}

std::string role_name(const Catalog& catalog, RoleId role) {
  if (role == everyone) return "PUBLIC";
  const Role* found = catalog.find(role);
  return found ? found->name : role.to_string();
}

}  // namespace tailrace::catalog
