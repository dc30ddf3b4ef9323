#include "catalog/loader.hpp"

#include <fmt/format.h>

#include <charconv>

#include "catalog/builtin/contents.hpp"
#include "catalog/record_codec.hpp"
#include "catalog/transaction.hpp"
#include "grammar/parser.hpp"
#include "repr/order.hpp"

namespace tailrace::catalog {

namespace {

constexpr RoleId mz_system = mz_system_role;
const RoleId materialize_role = RoleId::user(1);

struct SystemSchema {
  std::uint64_t id;
  Oid oid;
  std::string_view name;
};
constexpr SystemSchema system_schemas[] = {
    {1, 16656, "mz_catalog"},         {2, 16657, "pg_catalog"}, {4, 16658, "mz_internal"},
    {5, 16659, "information_schema"}, {6, 16660, "mz_unsafe"},  {7, 16972, "mz_catalog_unstable"},
    {8, 16973, "mz_introspection"},
};

struct SystemCluster {
  std::uint64_t id;
  std::string_view name;
  std::uint32_t replication_factor;
};
constexpr SystemCluster system_clusters[] = {
    {1, "mz_system", 1},  {2, "mz_catalog_server", 1}, {3, "mz_probe", 1},
    {4, "mz_support", 0}, {5, "mz_analytics", 0},
};

struct SystemRole {
  RoleId id;
  Oid oid;
  std::string_view name;
  bool superuser;
  bool login;
};

}  // namespace

class CatalogLoader {
 public:
  CatalogLoader(storage::Store& store, const LoadOptions& options)
      : store_(store), options_(options) {}

  CatalogPtr load() {
    auto catalog = std::make_shared<Catalog>();
    catalog->version_ = store_.catalog_version();
    add_system_objects(*catalog);
    const auto records = store_.scan_records(storage::RecordSpace::catalog, "");
    for (const auto& [key, value] : records) read(*catalog, key, value);
    add_builtins(*catalog);
    for (const auto& [id, item] : catalog->items_) index(*catalog, item);
    CatalogPtr loaded = records.empty() ? bootstrap(catalog) : catalog;
    mend_builtin_collections(*loaded);
    return loaded;
  }

 private:
  static void index(Catalog& catalog, const std::shared_ptr<const Item>& item) {
    catalog.items_by_name_[{item->schema, item->name}] = item->id;
    catalog.items_by_oid_[item->oid] = item->id;
    for (const ItemId used : item->uses) catalog.used_by_[used].insert(item->id);
  }

  // What code fixes and no record holds.
  void add_system_objects(Catalog& catalog) const {
    for (const SystemSchema& system : system_schemas) {
      Schema schema;
      schema.id = SchemaId::system(system.id);
      schema.oid = system.oid;
      schema.name = system.name;
      schema.owner = mz_system;
      schema.privileges = {{everyone, mz_system, set_of({Privilege::usage})},
                           {mz_system, mz_system, set_of({Privilege::usage, Privilege::create})}};
      catalog.schemas_[schema.id] = std::make_shared<const Schema>(std::move(schema));
    }
    const SystemRole system_roles[] = {
        {RoleId::system(1), 16661, "mz_system", true, true},
        {RoleId::system(2), 16662, "mz_support", false, true},
        {RoleId::system(3), 16984, "mz_analytics", false, true},
        {RoleId::system(4), 17076, "mz_jwt_sync", false, false},
        {RoleId{RoleId::Space::predefined, 1}, 16663, "mz_monitor", false, false},
        {RoleId{RoleId::Space::predefined, 2}, 16664, "mz_monitor_redacted", false, false},
    };
    for (const SystemRole& system : system_roles) {
      Role role;
      role.id = system.id;
      role.oid = system.oid;
      role.name = system.name;
      role.superuser = system.superuser;
      role.login = system.login;
      catalog.roles_[role.id] = std::make_shared<const Role>(std::move(role));
    }
    for (const SystemCluster& system : system_clusters) {
      Cluster cluster;
      cluster.id = ClusterId::system(system.id);
      cluster.name = system.name;
      cluster.owner = mz_system;
      cluster.size = options_.default_cluster_size;
      cluster.replication_factor = system.replication_factor;
      cluster.privileges = {{mz_system, mz_system, set_of({Privilege::usage, Privilege::create})}};
      if (system.name == "mz_catalog_server") {
        cluster.privileges.push_back({everyone, mz_system, set_of({Privilege::usage})});
      }
      if (system.replication_factor > 0) {
        cluster.replicas.push_back({ReplicaId::system(system.id), "r1", cluster.size, mz_system});
      }
      catalog.clusters_[cluster.id] = std::make_shared<const Cluster>(std::move(cluster));
    }
  }

  static void read(Catalog& catalog, const std::string& key, const std::string& value) {
    try {
      const std::string kind = key.substr(0, key.find('/'));
      if (kind == "database") {
        Database database = decode_database(value);
        catalog.databases_[database.id] = std::make_shared<const Database>(std::move(database));
      } else if (kind == "schema") {
        Schema schema = decode_schema(value);
        catalog.schemas_[schema.id] = std::make_shared<const Schema>(std::move(schema));
      } else if (kind == "role") {
        Role role = decode_role(value);
        catalog.roles_[role.id] = std::make_shared<const Role>(std::move(role));
      } else if (kind == "cluster") {
        Cluster cluster = decode_cluster(value);
        catalog.clusters_[cluster.id] = std::make_shared<const Cluster>(std::move(cluster));
      } else if (kind == "item") {
        Item item = decode_item(value);
        catalog.items_[item.id] = std::make_shared<const Item>(std::move(item));
      } else if (kind == "comment") {
        catalog.comments_[decode_comment_key(key)] = value;
      } else if (kind == "variable") {
        catalog.system_variables_[key.substr(kind.size() + 1)] = value;
      } else if (kind == "counter") {
        std::uint64_t number = 0;
        std::from_chars(value.data(), value.data() + value.size(), number);
        catalog.counters_[key.substr(kind.size() + 1)] = number;
      } else if (kind == "default_privilege") {
        catalog.default_privileges_[decode_default_privilege_key(key)] = decode_privileges(value);
      } else if (kind == "acl") {
        catalog.system_privileges_ = decode_acl(value);
      } else {
        throw SqlError(sqlstate::feature_not_supported, "records of this kind are not known")
            .hint("Run the version of Tailrace that wrote this data directory, or a newer one.");
      }
    } catch (const SqlError& error) {
      throw SqlError(error.state(),
                     fmt::format("cannot read the catalog record \"{}\": {}", key, error.message()))
          .hint(error.hint());
    }
  }

  static tailrace::Schema schema_of(const std::vector<BuiltinColumn>& columns) {
    tailrace::Schema schema;
    for (const auto& column : columns)
      schema.columns.push_back({std::string(column.name), column.type, column.nullable});
    return schema;
  }

  // Everything that the declarations of tables and views have in common.
  template <class Builtin>
  static Item system_item(const Catalog& catalog, const Builtin& builtin) {
    Item item;
    item.id = ItemId::system(builtin.id);
    item.oid = builtin.oid;
    item.name = builtin.name;
    const Schema* schema = catalog.find_schema(DatabaseId(), builtin.schema);
    ensure(schema != nullptr, "a builtin relation must name a system schema");
    item.schema = schema->id;
    item.owner = mz_system;
    item.privileges = {{everyone, mz_system, set_of({Privilege::select})},
                       {mz_system, mz_system, set_of({Privilege::select})}};
    item.unique_key = fmt::format("{}.{}", builtin.schema, builtin.name);
    return item;
  }

  static void add_builtins(Catalog& catalog) {
    for (const BuiltinTable& table : builtin_tables()) {
      Item item = system_item(catalog, table);
      if (table.is_source) {
        Source source;
        source.kind = Source::Kind::builtin;
        source.schema = schema_of(table.columns);
        item.body = std::move(source);
      } else {
        Table body;
        body.schema = schema_of(table.columns);
        body.defaults.resize(body.schema.size());
        item.body = std::move(body);
      }
      catalog.items_[item.id] = std::make_shared<const Item>(std::move(item));
    }
    for (const BuiltinView& view : builtin_views()) {
      Item item = system_item(catalog, view);
      item.create_sql = fmt::format("CREATE VIEW {}.{} AS {}", view.schema, view.name, view.sql);
      View body;
      body.schema = schema_of(view.columns);
      item.body = std::move(body);
      derive_from_sql(item);
      catalog.items_[item.id] = std::make_shared<const Item>(std::move(item));
    }
  }

  // The first contents of a fresh environment (reference/system-catalog.md 1.2).
  CatalogPtr bootstrap(const std::shared_ptr<Catalog>& empty) {
    CatalogTransaction transaction(empty);
    Role role;
    role.id = transaction.next_role_id();
    role.oid = transaction.next_oid();
    role.name = "materialize";
    role.superuser = true;
    transaction.create(std::move(role));

    Database database;
    database.id = transaction.next_database_id();
    database.oid = transaction.next_oid();
    database.name = "materialize";
    database.owner = mz_system;
    database.privileges = {
        {everyone, mz_system, set_of({Privilege::usage})},
        {mz_system, mz_system, set_of({Privilege::usage, Privilege::create})},
        {materialize_role, mz_system, set_of({Privilege::usage, Privilege::create})}};
    const DatabaseId database_id = database.id;
    transaction.create(std::move(database));

    Schema schema;
    schema.id = SchemaId::user(3);  // the counter of schemas goes on at u9
    schema.oid = transaction.next_oid();
    schema.name = "public";
    schema.database = database_id;
    schema.owner = mz_system;
    schema.privileges = {
        {everyone, mz_system, set_of({Privilege::usage})},
        {mz_system, mz_system, set_of({Privilege::usage, Privilege::create})},
        {materialize_role, mz_system, set_of({Privilege::usage, Privilege::create})}};
    transaction.create(std::move(schema));

    Cluster cluster;
    cluster.id = transaction.next_cluster_id();
    cluster.oid = transaction.next_oid();
    cluster.name = "quickstart";
    cluster.owner = mz_system;
    cluster.size = options_.default_cluster_size;
    cluster.privileges = {
        {everyone, mz_system, set_of({Privilege::usage})},
        {mz_system, mz_system, set_of({Privilege::usage, Privilege::create})},
        {materialize_role, mz_system, set_of({Privilege::usage, Privilege::create})}};
    cluster.replicas.push_back({transaction.next_replica_id(), "r1", cluster.size, mz_system});
    transaction.create(std::move(cluster));

    const PrivilegeSet system =
        set_of({Privilege::create_role, Privilege::create_database, Privilege::create_cluster,
                Privilege::create_network_policy});
    transaction.set_system_privileges(
        {{mz_system, mz_system, system}, {materialize_role, mz_system, system}});
    transaction.set_default_privilege({everyone, {}, {}, "type", everyone},
                                      set_of({Privilege::usage}));

    storage::CommitRequest request = transaction.build();
    // Builtin collections are made and filled by `mend_builtin_collections`.
    request.deltas.clear();
    commit(std::move(request));
    return transaction.committed(store_.catalog_version());
  }

  void commit(storage::CommitRequest request) {
    const storage::CommitOutcome outcome = store_.commit(std::move(request));
    if (outcome.error) throw *outcome.error;
    ensure(!outcome.conflict, "nobody else commits while the catalog is loaded");
  }

  // Collections that are missing are made; contents that differ from what this binary says (after
  // an upgrade) are mended.
  void mend_builtin_collections(const Catalog& catalog) {
    storage::CommitRequest request;
    for (const BuiltinTable& table : builtin_tables()) {
      const storage::CollectionId id = collection_of(table);
      storage::CollectionDescription description;
      description.schema = schema_of(table.columns);
      if (table.feed == BuiltinFeed::volatile_) {
        description.kind = storage::CollectionKind::volatile_;
        store_.create_volatile(id, description);
        continue;
      }
      const auto stored = store_.describe(id);
      const bool same_shape = stored && stored->schema == description.schema;
      if (stored && !same_shape) request.drop.push_back(id);
      if (!same_shape) request.create.emplace_back(id, description);
      if (table.feed != BuiltinFeed::catalog) continue;
      std::vector<Batch> difference = {builtin_contents(table, catalog)};
      if (same_shape) {
        std::vector<int> columns;
        for (std::size_t i = 0; i < table.columns.size(); ++i)
          columns.push_back(static_cast<int>(i));
        for (const auto& chunk : store_.snapshot(id, store_.latest_time()).rows.chunks) {
          difference.push_back(chunk->read(columns).with_time(0).negated());
        }
      }
      std::erase_if(difference, [](const Batch& batch) { return batch.empty(); });
      if (difference.empty()) continue;
      Batch changed = consolidate(concatenate(difference));
      if (changed.empty()) continue;
      storage::CollectionDelta delta;
      delta.collection = id;
      delta.delta.rows.push_back(std::make_shared<const Batch>(std::move(changed)));
      request.deltas.push_back(std::move(delta));
    }
    // A dropped and a created collection of one id cannot share a commit.
    if (!request.drop.empty()) {
      storage::CommitRequest drops;
      drops.drop = std::move(request.drop);
      request.drop.clear();
      commit(std::move(drops));
    }
    if (!request.create.empty() || !request.deltas.empty()) commit(std::move(request));
  }

  storage::Store& store_;
  LoadOptions options_;
};

CatalogPtr load_catalog(storage::Store& store, const LoadOptions& options) {
  return CatalogLoader(store, options).load();
}

}  // namespace tailrace::catalog
