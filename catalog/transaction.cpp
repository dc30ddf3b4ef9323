#include "catalog/transaction.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/builtin/contents.hpp"
#include "catalog/record_codec.hpp"

namespace tailrace::catalog {

namespace {

constexpr std::uint64_t first_user_oid = 20000;

SqlError name_taken(std::string_view kind, std::string_view name, SqlState state) {
  return SqlError(state, fmt::format("{} '{}' already exists", kind, name));
}

// An index and its relation, a source and its progress: one thing to the user.
bool belongs_to(const Item& user, const Item& used) {
  if (const auto* index = user.as<Index>()) return index->on == used.id;
  const auto* source = user.as<Source>();
  return source != nullptr && source->kind == Source::Kind::progress && source->parent == used.id;
}

}  // namespace

storage::CollectionDescription describe_collection(const Item& item) {
  storage::CollectionDescription description;
  description.schema = *item.relation_schema();
  if (const auto* table = item.as<Table>()) {
    description.retention_ms = table->retain_history_ms;
    if (!table->keys.empty()) description.key = table->keys.front();
  } else if (const auto* view = item.as<MaterializedView>()) {
    description.kind = storage::CollectionKind::derived;
    description.retention_ms = view->retain_history_ms;
  } else if (const auto* source = item.as<Source>()) {
    description.retention_ms = source->retain_history_ms;
    if (!source->keys.empty()) description.key = source->keys.front();
  }
  return description;
}

CatalogTransaction::CatalogTransaction(CatalogPtr base)
    : base_(std::move(base)), working_(std::make_shared<Catalog>(*base_)) {}

void CatalogTransaction::put_record(std::string key, std::optional<std::string> value,
                                    storage::RecordSpace space) {
  changes_[{space, std::move(key)}] = std::move(value);
}

std::uint64_t CatalogTransaction::next(const std::string& counter, std::uint64_t first) {
  std::uint64_t& number = working_->counters_.try_emplace(counter, first).first->second;
  const std::uint64_t given = number++;
  put_record("counter/" + counter, std::to_string(number));
  return given;
}

ItemId CatalogTransaction::next_item_id() {
  return ItemId::user(next("item", 1));
}
DatabaseId CatalogTransaction::next_database_id() {
  return DatabaseId::user(next("database", 1));
}
SchemaId CatalogTransaction::next_schema_id() {
  return SchemaId::user(next("schema", 9));
}
RoleId CatalogTransaction::next_role_id() {
  return RoleId::user(next("role", 1));
}
ClusterId CatalogTransaction::next_cluster_id() {
  return ClusterId::user(next("cluster", 1));
}
ReplicaId CatalogTransaction::next_replica_id() {
  return ReplicaId::user(next("replica", 1));
}
Oid CatalogTransaction::next_oid() {
  return static_cast<Oid>(next("oid", first_user_oid));
}

void CatalogTransaction::check_free(SchemaId schema, std::string_view name) const {
  if (working_->find_in_schema(schema, name) != nullptr) {
    throw SqlError(sqlstate::duplicate_object,
                   fmt::format("catalog item '{}' already exists", name));
  }
}

void CatalogTransaction::insert(std::shared_ptr<const Item> item) {
  working_->items_by_name_[{item->schema, item->name}] = item->id;
  working_->items_by_oid_[item->oid] = item->id;
  for (const ItemId used : item->uses) working_->used_by_[used].insert(item->id);
  const ItemId id = item->id;
  working_->items_[id] = std::move(item);
}

void CatalogTransaction::erase(ItemId id) {
  const auto found = working_->items_.find(id);
  const std::shared_ptr<const Item> item = found->second;
  working_->items_by_name_.erase({item->schema, item->name});
  working_->items_by_oid_.erase(item->oid);
  for (const ItemId used : item->uses) working_->used_by_[used].erase(id);
  working_->items_.erase(found);
}

void CatalogTransaction::create(Database database) {
  if (working_->find_database(database.name)) {
    throw name_taken("database", database.name, sqlstate::duplicate_database);
  }
  if (database.privileges.empty())
    database.privileges = initial_privileges(*working_, "database", database.owner, {}, {});
  put_record(record_key(database.id), encode(database));
  const DatabaseId id = database.id;
  working_->databases_[id] = std::make_shared<const Database>(std::move(database));
}

void CatalogTransaction::create(Schema schema) {
  if (working_->find_schema(schema.database, schema.name)) {
    throw name_taken("schema", schema.name, sqlstate::duplicate_schema);
  }
  if (schema.privileges.empty())
    schema.privileges = initial_privileges(*working_, "schema", schema.owner, schema.database, {});
  put_record(record_key(schema.id), encode(schema));
  const SchemaId id = schema.id;
  working_->schemas_[id] = std::make_shared<const Schema>(std::move(schema));
}

void CatalogTransaction::create(Role role) {
  if (working_->find_role(role.name))
    throw name_taken("role", role.name, sqlstate::duplicate_object);
  put_record(record_key(role.id), encode(role));
  const RoleId id = role.id;
  working_->roles_[id] = std::make_shared<const Role>(std::move(role));
}

void CatalogTransaction::create(Cluster cluster) {
  if (working_->find_cluster(cluster.name))
    throw name_taken("cluster", cluster.name, sqlstate::duplicate_object);
  if (cluster.privileges.empty())
    cluster.privileges = initial_privileges(*working_, "cluster", cluster.owner, {}, {});
  put_record(record_key(cluster.id), encode(cluster));
  const ClusterId id = cluster.id;
  working_->clusters_[id] = std::make_shared<const Cluster>(std::move(cluster));
}

void CatalogTransaction::create(Item item, Delta initial) {
  check_free(item.schema, item.name);
  if (item.privileges.empty()) item.privileges = initial_privileges(*working_, item);
  std::sort(item.uses.begin(), item.uses.end());
  item.uses.erase(std::unique(item.uses.begin(), item.uses.end()), item.uses.end());
  put_record(record_key(item.id), encode(item));
  if (!initial.empty()) initial_[item.id] = std::move(initial);
  insert(std::make_shared<const Item>(std::move(item)));
}

void CatalogTransaction::replace(Database database) {
  const Database* other = working_->find_database(database.name);
  if (other && other->id != database.id)
    throw name_taken("database", database.name, sqlstate::duplicate_database);
  put_record(record_key(database.id), encode(database));
  const DatabaseId id = database.id;
  working_->databases_[id] = std::make_shared<const Database>(std::move(database));
}

void CatalogTransaction::replace(Schema schema) {
  const Schema* other = working_->find_schema(schema.database, schema.name);
  if (other && other->id != schema.id)
    throw name_taken("schema", schema.name, sqlstate::duplicate_schema);
  put_record(record_key(schema.id), encode(schema));
  const SchemaId id = schema.id;
  working_->schemas_[id] = std::make_shared<const Schema>(std::move(schema));
}

void CatalogTransaction::replace(Role role) {
  const Role* other = working_->find_role(role.name);
  if (other && other->id != role.id)
    throw name_taken("role", role.name, sqlstate::duplicate_object);
  put_record(record_key(role.id), encode(role));
  const RoleId id = role.id;
  working_->roles_[id] = std::make_shared<const Role>(std::move(role));
}

void CatalogTransaction::replace(Cluster cluster) {
  const Cluster* other = working_->find_cluster(cluster.name);
  if (other && other->id != cluster.id)
    throw name_taken("cluster", cluster.name, sqlstate::duplicate_object);
  put_record(record_key(cluster.id), encode(cluster));
  const ClusterId id = cluster.id;
  working_->clusters_[id] = std::make_shared<const Cluster>(std::move(cluster));
}

void CatalogTransaction::replace(Item item) {
  const Item& before = working_->item(item.id);
  if (before.name != item.name || before.schema != item.schema) check_free(item.schema, item.name);
  std::sort(item.uses.begin(), item.uses.end());
  item.uses.erase(std::unique(item.uses.begin(), item.uses.end()), item.uses.end());
  put_record(record_key(item.id), encode(item));
  erase(item.id);
  insert(std::make_shared<const Item>(std::move(item)));
}

// The items and everything that goes with them, users before what they use.
std::vector<ItemId> CatalogTransaction::with_users(std::span<const ItemId> items,
                                                   DropBehavior behavior) const {
  std::set<ItemId> asked(items.begin(), items.end());
  std::set<ItemId> seen;
  std::vector<ItemId> order;
  const auto visit = [&](const auto& self, const Item& item) -> void {
    if (!seen.insert(item.id).second) return;
    for (const Item* user : working_->used_by(item.id)) {
      if (behavior == DropBehavior::restrict_ && !belongs_to(*user, item) &&
          !asked.contains(user->id)) {
        throw SqlError(sqlstate::dependent_objects_still_exist,
                       fmt::format("cannot drop {} \"{}\": still depended upon by {} \"{}\"",
                                   item.type_words(), item.name, user->type_words(), user->name))
            .hint("Use DROP ... CASCADE to drop the dependent objects too.");
      }
      self(self, *user);
    }
    // The progress relation of a source goes with it.
    if (const auto* source = item.as<Source>(); source && source->progress) {
      if (const Item* progress = working_->find(source->progress)) self(self, *progress);
    }
    order.push_back(item.id);
  };
  for (const ItemId id : items) {
    if (const Item* item = working_->find(id)) visit(visit, *item);
  }
  return order;
}

void CatalogTransaction::drop(std::span<const ItemId> items, DropBehavior behavior) {
  for (const ItemId id : with_users(items, behavior)) {
    const Item& item = working_->item(id);
    drop_comments(item.type_name(), id.to_string());
    put_record(record_key(id), std::nullopt);
    if (item.as<Secret>() || item.as<Connection>()) {
      put_record(id.to_string(), std::nullopt, storage::RecordSpace::secrets);
    }
    if (item.as<Connection>()) forget_host_key(id);
    initial_.erase(id);
    erase(id);
  }
}

void CatalogTransaction::drop(SchemaId id, DropBehavior behavior) {
  std::vector<ItemId> items;
  for (const auto& [item_id, item] : working_->items()) {
    if (item->schema == id) items.push_back(item_id);
  }
  const Schema& schema = *working_->find(id);
  if (!items.empty() && behavior == DropBehavior::restrict_) {
    throw SqlError(
        sqlstate::dependent_objects_still_exist,
        fmt::format("schema '{}' cannot be dropped without CASCADE while it contains objects",
                    working_->full_name(schema)));
  }
  drop(items, behavior);
  drop_comments("schema", id.to_string());
  drop_default_privileges({}, id);
  put_record(record_key(id), std::nullopt);
  working_->schemas_.erase(id);
}

void CatalogTransaction::drop(DatabaseId id, DropBehavior behavior) {
  std::vector<SchemaId> schemas;
  for (const auto& [schema_id, schema] : working_->schemas()) {
    if (schema->database == id) schemas.push_back(schema_id);
  }
  if (behavior == DropBehavior::restrict_) {
    for (const auto& [item_id, item] : working_->items()) {
      if (std::find(schemas.begin(), schemas.end(), item->schema) == schemas.end()) continue;
      throw SqlError(
          sqlstate::dependent_objects_still_exist,
          fmt::format("database '{}' cannot be dropped with RESTRICT while it contains schemas",
                      working_->find(id)->name));
    }
  }
  for (const SchemaId schema : schemas) drop(schema, DropBehavior::cascade);
  drop_comments("database", id.to_string());
  drop_default_privileges(id, {});
  put_record(record_key(id), std::nullopt);
  working_->databases_.erase(id);
}

void CatalogTransaction::drop(ClusterId id, DropBehavior behavior) {
  std::vector<ItemId> items;
  for (const auto& [item_id, item] : working_->items()) {
    if (item->cluster() == id) items.push_back(item_id);
  }
  if (!items.empty() && behavior == DropBehavior::restrict_) {
    throw SqlError(sqlstate::dependent_objects_still_exist,
                   fmt::format("cannot drop cluster \"{}\" because other objects depend on it",
                               working_->find(id)->name))
        .detail(fmt::format("{} \"{}\" uses it.", working_->item(items.front()).type_words(),
                            working_->item(items.front()).name))
        .hint("Use DROP ... CASCADE to drop the dependent objects too.");
  }
  drop(items, behavior);
  for (const Replica& replica : working_->find(id)->replicas) {
    drop_comments("cluster-replica", replica.id.to_string());
  }
  drop_comments("cluster", id.to_string());
  put_record(record_key(id), std::nullopt);
  working_->clusters_.erase(id);
}

void CatalogTransaction::drop_comments(std::string_view object_type, const std::string& object_id) {
  auto comment = working_->comments_.lower_bound({std::string(object_type), object_id, 0});
  while (comment != working_->comments_.end() && comment->first.object_type == object_type &&
         comment->first.object_id == object_id) {
    put_record(record_key(comment->first), std::nullopt);
    comment = working_->comments_.erase(comment);
  }
}

void CatalogTransaction::set_comment(const CommentKey& key, std::optional<std::string> comment) {
  put_record(record_key(key), comment);
  if (comment) {
    working_->comments_[key] = *comment;
  } else {
    working_->comments_.erase(key);
  }
}

void CatalogTransaction::set_system_variable(const std::string& name,
                                             std::optional<std::string> value) {
  put_record("variable/" + name, value);
  if (value) {
    working_->system_variables_[name] = *value;
  } else {
    working_->system_variables_.erase(name);
  }
}

void CatalogTransaction::set_system_privileges(Acl privileges) {
  put_record("acl/system", encode(privileges));
  working_->system_privileges_ = std::move(privileges);
}

void CatalogTransaction::set_secret(ItemId id, std::string encrypted) {
  put_record(id.to_string(), std::move(encrypted), storage::RecordSpace::secrets);
}

std::optional<std::string> CatalogTransaction::secret_set(ItemId id) const {
  const auto found = changes_.find({storage::RecordSpace::secrets, id.to_string()});
  return found == changes_.end() ? std::nullopt : found->second;
}

std::vector<ItemId> CatalogTransaction::secrets_changed() const {
  std::vector<ItemId> ids;
  for (const auto& [key, value] : changes_) {
    if (key.first != storage::RecordSpace::secrets) continue;
    if (const auto id = ItemId::parse(key.second.substr(0, key.second.find('/'))))
      ids.push_back(*id);
  }
  return ids;
}

void CatalogTransaction::forget_host_key(ItemId connection) {
  put_record(connection.to_string() + std::string(host_key_suffix), std::nullopt,
             storage::RecordSpace::secrets);
}

bool CatalogTransaction::forgets_host_key(ItemId connection) const {
  const auto found = changes_.find(
      {storage::RecordSpace::secrets, connection.to_string() + std::string(host_key_suffix)});
  return found != changes_.end() && !found->second;
}

void CatalogTransaction::add_record(storage::RecordChange record) {
  put_record(std::move(record.key), std::move(record.value), record.space);
}

storage::CommitRequest CatalogTransaction::build() {
  storage::CommitRequest request;
  request.preconditions.catalog_version = base_->version();
  request.bumps_catalog_version = true;
  for (auto& [key, value] : changes_) request.records.push_back({key.first, key.second, value});
  for (const auto& [id, item] : working_->items()) {
    const Item* before = base_->find(id);
    if (before == item.get() || !item->is_stored()) continue;
    const storage::CollectionDescription description = describe_collection(*item);
    if (before == nullptr) {
      request.create.emplace_back(collection_of(id), description);
    } else if (describe_collection(*before).retention_ms != description.retention_ms) {
      request.set_retention_ms.emplace_back(collection_of(id), description.retention_ms);
    }
  }
  for (const auto& [id, item] : base_->items()) {
    if (item->is_stored() && working_->find(id) == nullptr)
      request.drop.push_back(collection_of(id));
  }
  for (auto& [id, delta] : initial_)
    request.deltas.push_back({collection_of(id), std::move(delta)});
  for (auto& delta : builtin_changes(*base_, *working_)) request.deltas.push_back(std::move(delta));
  return request;
}

CatalogPtr CatalogTransaction::committed(std::uint64_t version) {
  working_->version_ = version;
  return working_;
}

}  // namespace tailrace::catalog
