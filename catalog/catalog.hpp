// The catalog at one moment: an immutable value behind a shared_ptr. Sessions plan against the one
// they took.
//
// Names resolve as PostgreSQL's do: a partial name by the session's database and search path, with
// the implicit schemas mz_catalog and pg_catalog first. Thread-safe because immutable. Copying
// costs O(objects) pointers: only transactions do it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/object.hpp"

namespace tailrace::catalog {

// What names mean to a session.
struct NameScope {
  std::string database = "materialize";
  std::vector<std::string> search_path = {"public"};
};

struct QualifiedName {
  std::string database;  // empty for system schemas
  std::string schema;
  std::string item;
};

class Catalog;
using CatalogPtr = std::shared_ptr<const Catalog>;

class Catalog {
 public:
  std::uint64_t version() const { return version_; }  // Store::catalog_version that this one is of

  // By name. `find_` gives nullptr for what is not there; `resolve_` throws the dialect's error
  // (with a hint that names the closest one where there is one), with the name's position.
  const Item* find_item(const ast::ObjectName& name, const NameScope& scope) const;
  const Item& resolve_item(const ast::ObjectName& name, const NameScope& scope) const;
  // In FROM and the like: "unknown catalog item 'x'" (42P01) or "x is not a relation".
  const Item& resolve_relation(const ast::ObjectName& name, const NameScope& scope) const;
  const Schema& resolve_schema(const ast::ObjectName& name, const NameScope& scope) const;
  const Database& resolve_database(std::string_view name) const;
  const Cluster& resolve_cluster(const ast::ClusterName& name) const;
  const Cluster& resolve_cluster(std::string_view name) const;
  const Role& resolve_role(std::string_view name) const;
  const Item* find_in_schema(SchemaId schema, std::string_view name) const;
  const Schema* find_schema(DatabaseId database, std::string_view name) const;
  const Database* find_database(std::string_view name) const;
  const Cluster* find_cluster(std::string_view name) const;
  const Role* find_role(std::string_view name) const;
  // A user's type by name, or a builtin one; catalogue names only (aliases are the grammar's).
  std::optional<Type> find_type(const ast::ObjectName& name, const NameScope& scope) const;
  // Where an unqualified name would be created: the first schema of the search path that exists.
  // Throws "no schema has been selected to create in".
  const Schema& creation_schema(const NameScope& scope) const;
  // The schema and last part that a name of 1 to 3 parts to be created has.
  std::pair<const Schema*, std::string> creation_target(const ast::ObjectName& name,
                                                        const NameScope& scope) const;

  // By id. `item` aborts on an id that is not there; `find_` gives nullptr.
  const Item* find(ItemId id) const;
  const Item& item(ItemId id) const;
  const Schema* find(SchemaId id) const;
  const Database* find(DatabaseId id) const;
  const Cluster* find(ClusterId id) const;
  const Role* find(RoleId id) const;
  const Item* find_by_oid(Oid oid) const;

  QualifiedName qualified_name(const Item& item) const;
  ast::ObjectName object_name(const Item& item) const;  // fully qualified
  std::string full_name(
      const Item& item) const;  // "materialize.public.orders", quoted where needed
  std::string full_name(const Schema& schema) const;  // "materialize.public", "mz_catalog"
  // As short as it still resolves in the scope: what ::regclass::text prints.
  std::string minimal_name(const Item& item, const NameScope& scope) const;

  // All, in id order.
  const std::map<ItemId, std::shared_ptr<const Item>>& items() const { return items_; }
  const std::map<DatabaseId, std::shared_ptr<const Database>>& databases() const {
    return databases_;
  }
  const std::map<SchemaId, std::shared_ptr<const Schema>>& schemas() const { return schemas_; }
  const std::map<ClusterId, std::shared_ptr<const Cluster>>& clusters() const { return clusters_; }
  const std::map<RoleId, std::shared_ptr<const Role>>& roles() const { return roles_; }
  const std::map<CommentKey, std::string>& comments() const { return comments_; }
  const std::map<std::string, std::string>& system_variables() const { return system_variables_; }
  const Acl& system_privileges() const { return system_privileges_; }
  const std::map<DefaultPrivilege, PrivilegeSet>& default_privileges() const {
    return default_privileges_;
  }

  // Direct users of an item (what its drop would take along), and the indexes on a relation.
  std::vector<const Item*> used_by(ItemId id) const;
  std::vector<const Item*> indexes_on(ItemId relation) const;

 private:
  friend class CatalogTransaction;
  friend class CatalogLoader;

  std::uint64_t version_ = 0;
  std::map<DatabaseId, std::shared_ptr<const Database>> databases_;
  std::map<SchemaId, std::shared_ptr<const Schema>> schemas_;
  std::map<RoleId, std::shared_ptr<const Role>> roles_;
  std::map<ClusterId, std::shared_ptr<const Cluster>> clusters_;
  std::map<ItemId, std::shared_ptr<const Item>> items_;
  std::map<CommentKey, std::string> comments_;
  std::map<std::string, std::string> system_variables_;
  Acl system_privileges_;
  std::map<DefaultPrivilege, PrivilegeSet> default_privileges_;
  std::map<std::string, std::uint64_t> counters_;  // the next number of each kind of id
  // Derived.
  std::map<std::pair<SchemaId, std::string>, ItemId, std::less<>> items_by_name_;
  std::map<Oid, ItemId> items_by_oid_;
  std::map<ItemId, std::set<ItemId>> used_by_;
};

}  // namespace tailrace::catalog
