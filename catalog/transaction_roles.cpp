// What a transaction changes about who may do what: owners, privileges, and the end of a role.
#include <fmt/format.h>

#include "catalog/record_codec.hpp"
#include "catalog/transaction.hpp"
#include "repr/overloaded.hpp"

namespace tailrace::catalog {

namespace {

std::string plural(std::string_view object_type) {
  std::string text(object_type);
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text + "S";
}

// Everything that has an owner and privileges.
template <class Visit>
void each_guarded(const Catalog& catalog, const Visit& visit) {
  for (const auto& [id, database] : catalog.databases()) visit(Guarded(id));
  for (const auto& [id, schema] : catalog.schemas()) visit(Guarded(id));
  for (const auto& [id, cluster] : catalog.clusters()) visit(Guarded(id));
  for (const auto& [id, item] : catalog.items()) visit(Guarded(id));
  visit(Guarded(WholeSystem{}));
}

// One line for each reason why the role must stay.
std::string dependents(const Catalog& catalog, const Role& role) {
  std::string lines;
  const auto add = [&](const std::string& what) {
    lines += (lines.empty() ? "" : "\n") + role.name + ": " + what;
  };
  each_guarded(catalog, [&](const Guarded& object) {
    if (owner_of(catalog, object) == role.id) {
      add("owner of " + describe(catalog, object));
      return;
    }
    for (const AclItem& item : privileges_on(catalog, object)) {
      if (item.grantee == role.id) {
        add(fmt::format("privileges on {} granted by {}", describe(catalog, object),
                        role_name(catalog, item.grantor)));
      } else if (item.grantor == role.id) {
        add(fmt::format("privileges granted on {} to {}", describe(catalog, object),
                        role_name(catalog, item.grantee)));
      }
    }
  });
  for (const auto& [key, privileges] : catalog.default_privileges()) {
    if (key.creator == role.id) {
      add(fmt::format("default privileges on {} created by {}", plural(key.object_type),
                      role.name));
    } else if (key.grantee == role.id) {
      add(fmt::format("default privileges granted on {} created by {}", plural(key.object_type),
                      role_name(catalog, key.creator)));
    }
  }
  return lines;
}

}  // namespace

void CatalogTransaction::set_privileges(const Guarded& object, Acl privileges) {
  const auto changed = [&](auto value) {
    value.privileges = std::move(privileges);
    replace(std::move(value));
  };
  std::visit(Overloaded{
                 [&](WholeSystem) { set_system_privileges(std::move(privileges)); },
                 [&](ItemId id) { changed(Item(working_->item(id))); },
                 [&](DatabaseId id) { changed(Database(*working_->find(id))); },
                 [&](SchemaId id) { changed(Schema(*working_->find(id))); },
                 [&](ClusterId id) { changed(Cluster(*working_->find(id))); },
             },
             object);
}

void CatalogTransaction::set_owner(const Guarded& object, RoleId owner) {
  const auto changed = [&](auto value) {
    hand_over(value.privileges, value.owner, owner);
    value.owner = owner;
    if constexpr (requires { value.replicas; }) {
      for (Replica& replica : value.replicas) replica.owner = owner;
    }
    replace(std::move(value));
  };
  std::visit(Overloaded{
                 [](WholeSystem) { ensure(false, "the system is nobody else's"); },
                 [&](ItemId id) {
                   changed(Item(working_->item(id)));
                   for (const Item* index : working_->indexes_on(id)) changed(Item(*index));
                 },
                 [&](DatabaseId id) { changed(Database(*working_->find(id))); },
                 [&](SchemaId id) { changed(Schema(*working_->find(id))); },
                 [&](ClusterId id) { changed(Cluster(*working_->find(id))); },
             },
             object);
}

void CatalogTransaction::set_default_privilege(const DefaultPrivilege& key,
                                               PrivilegeSet privileges) {
  if (privileges == 0) {
    put_record(record_key(key), std::nullopt);
    working_->default_privileges_.erase(key);
  } else {
    put_record(record_key(key), encode(privileges));
    working_->default_privileges_[key] = privileges;
  }
}

void CatalogTransaction::drop_default_privileges(DatabaseId database, SchemaId schema) {
  for (const auto& [key, privileges] : std::map(working_->default_privileges_)) {
    const bool goes = (database && key.database == database) || (schema && key.schema == schema);
    if (goes) set_default_privilege(key, 0);
  }
}

void CatalogTransaction::drop(RoleId id) {
  const Role& role = *working_->find(id);
  const std::string reasons = dependents(*working_, role);
  if (!reasons.empty()) {
    throw SqlError(
        sqlstate::dependent_objects_still_exist,
        fmt::format("role \"{}\" cannot be dropped because some objects depend on it", role.name))
        .detail(reasons);
  }
  for (const auto& [other_id, other] : std::map(working_->roles_)) {
    if (!other->member_of.contains(id)) continue;
    Role changed = *other;
    changed.member_of.erase(id);
    replace(std::move(changed));
  }
  drop_comments("role", id.to_string());
  put_record(record_key(id), std::nullopt);
  working_->roles_.erase(id);
}

}  // namespace tailrace::catalog
