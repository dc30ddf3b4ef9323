// Changes to the catalog, collected, checked, and turned into one commit of the store.
//
// A transaction works on a copy of the catalog it began with: what it has done is visible in
// `catalog()` at once, so that several statements between BEGIN and COMMIT see each other. Nothing
// is durable before the commit that `build` describes; its precondition is that no other
// transaction committed in between. Not for several threads.
//
// Functions throw the dialect's errors (name taken, still depended upon, unknown) and change
// nothing then.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "catalog/access.hpp"
#include "catalog/catalog.hpp"
#include "storage/store.hpp"

namespace tailrace::catalog {

// What a drop takes along.
enum class DropBehavior : std::uint8_t { restrict_, cascade };

class CatalogTransaction {
 public:
  explicit CatalogTransaction(CatalogPtr base);

  const Catalog& base() const { return *base_; }
  const Catalog& catalog() const { return *working_; }
  bool changed() const { return !changes_.empty(); }

  // Fresh for ever, whether or not the transaction commits... once it commits.
  ItemId next_item_id();
  DatabaseId next_database_id();
  SchemaId next_schema_id();
  RoleId next_role_id();
  ClusterId next_cluster_id();
  ReplicaId next_replica_id();
  Oid next_oid();

  // What has no privileges yet gets those of its owner and the default ones.
  void create(Database database);
  void create(Schema schema);
  void create(Role role);
  void create(Cluster cluster);
  // `initial` is what the item's collection starts with.
  void create(Item item, Delta initial = {});

  // The object with this id becomes this; a changed name must be free.
  void replace(Database database);
  void replace(Schema schema);
  void replace(Role role);
  void replace(Cluster cluster);
  void replace(Item item);

  // With everything that cannot be without them: indexes on them always; other users only with
  // cascade.
  void drop(std::span<const ItemId> items, DropBehavior behavior);
  void drop(SchemaId schema, DropBehavior behavior);
  void drop(DatabaseId database, DropBehavior behavior);
  void drop(ClusterId cluster, DropBehavior behavior);
  void drop(RoleId role);

  void set_comment(const CommentKey& key, std::optional<std::string> comment);
  void set_system_variable(const std::string& name, std::optional<std::string> value);
  void set_system_privileges(Acl privileges);
  void set_privileges(const Guarded& object, Acl privileges);
  // With what the owner has been granted and has granted; a relation's indexes go along.
  void set_owner(const Guarded& object, RoleId owner);
  void set_default_privilege(const DefaultPrivilege& key, PrivilegeSet privileges);  // 0: none
  // An encrypted secret value (secrets.hpp) under its item; gone with it.
  void set_secret(ItemId id, std::string encrypted);
  // What this transaction sets for the item, encrypted; nothing: it sets none.
  std::optional<std::string> secret_set(ItemId id) const;
  // The items whose secrets, or known host keys, this transaction changes.
  std::vector<ItemId> secrets_changed() const;
  // The host key by which the bastion of a connection is known, under `host_key_suffix`.
  void forget_host_key(ItemId connection);
  bool forgets_host_key(ItemId connection) const;
  // Other records that go with the change: intents, positions.
  void add_record(storage::RecordChange record);

  // The commit: records, collections, contents of builtin relations. `extra` deltas (DML of the
  // same transaction) are the caller's to add. Call once.
  storage::CommitRequest build();
  // The catalog after the commit.
  CatalogPtr committed(std::uint64_t version);

 private:
  void put_record(std::string key, std::optional<std::string> value,
                  storage::RecordSpace space = storage::RecordSpace::catalog);
  std::uint64_t next(const std::string& counter, std::uint64_t first);
  void check_free(SchemaId schema, std::string_view name) const;
  void insert(std::shared_ptr<const Item> item);
  void erase(ItemId id);
  std::vector<ItemId> with_users(std::span<const ItemId> items, DropBehavior behavior) const;
  void drop_comments(std::string_view object_type, const std::string& object_id);
  void drop_default_privileges(DatabaseId database, SchemaId schema);  // made for the one or other

  CatalogPtr base_;
  std::shared_ptr<Catalog> working_;
  std::map<std::pair<storage::RecordSpace, std::string>, std::optional<std::string>> changes_;
  std::map<ItemId, Delta> initial_;
};

// After the connection's id in the record of its bastion's host key, among the secrets.
inline constexpr std::string_view host_key_suffix = "/host-key";

// How a collection of this item is described to the store.
storage::CollectionDescription describe_collection(const Item& item);

}  // namespace tailrace::catalog
