// Follows one PostgreSQL database into a store, without SQL on our side: what the tests against
// real servers drive.
//
//   follow DIRECTORY HOST PORT DATABASE USER PASSWORD PUBLICATION SLOT [TEXT_COLUMN...]
//
// In the environment: FOLLOW_SSL_MODE (disable, require, verify-ca, verify-full), and paths of PEM
// files in FOLLOW_SSL_CA, FOLLOW_SSL_CERTIFICATE, FOLLOW_SSL_KEY.
//
// Commands on standard input, one a line; each answer ends with a line "." on standard output:
//   recent            waits until all that upstream has committed is visible
//   readable          waits until every table's snapshot is committed
//   dump TABLE...     rows of the tables, all at one time: "table|count|values", then errors as
//   "table|!|message" add TABLE         ingests one more table remove TABLE statistics        one
//   line an object status            one line a status change since the last time tick the store's
//   time moves on (a commit of nothing)
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <mutex>
#include <sstream>

#include "replication/postgres/purification.hpp"
#include "replication/postgres/source.hpp"
#include "repr/order.hpp"
#include "repr/text_format.hpp"
#include "storage/store.hpp"

using namespace tailrace;
using namespace tailrace::replication;

namespace {

constexpr storage::CollectionId progress_id{1000};

std::optional<std::string> file_in_environment(const char* variable) {
  const char* path = std::getenv(variable);
  if (path == nullptr) return std::nullopt;
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

ConnectionConfig::SslMode ssl_mode() {
  const char* mode = std::getenv("FOLLOW_SSL_MODE");
  const std::string_view text = mode == nullptr ? "disable" : mode;
  if (text == "require") return ConnectionConfig::SslMode::require;
  if (text == "verify-ca") return ConnectionConfig::SslMode::verify_ca;
  if (text == "verify-full") return ConnectionConfig::SslMode::verify_full;
  return ConnectionConfig::SslMode::disable;
}

std::string name_of(const TableExport& table) {
  return table.upstream.schema + "." + table.upstream.name;
}

class Follower {
 public:
  Follower(int argc, char** argv) {
    connection_.host = argv[2];
    connection_.port = static_cast<std::uint16_t>(std::stoi(argv[3]));
    connection_.database = argv[4];
    connection_.user = argv[5];
    if (argv[6][0] != '\0') connection_.password = argv[6];
    connection_.ssl_mode = ssl_mode();
    connection_.ssl_certificate_authority = file_in_environment("FOLLOW_SSL_CA");
    connection_.ssl_certificate = file_in_environment("FOLLOW_SSL_CERTIFICATE");
    connection_.ssl_key = file_in_environment("FOLLOW_SSL_KEY");
    publication_ = argv[7];
    slot_ = argv[8];
    for (int i = 9; i < argc; ++i) text_columns_.push_back(column(argv[i]));
    storage::StoreOptions options;
    options.directory = argv[1];
    options.tick_ms = 100;
    store_ = storage::Store::open(std::move(options));
  }

  void start() {
    std::vector<TableExport> tables;
    for (const auto& [key, value] :
         store_->scan_records(storage::RecordSpace::catalog, "export/")) {
      TableExport table = decode_export(value);
      table.collection.value = std::stoull(key.substr(7));
      tables.push_back(std::move(table));
    }
    if (tables.empty()) tables = create_all();
    for (const TableExport& table : tables) tables_[name_of(table)] = table;
    SourceConfig config;
    config.source_id = "u1";
    config.connection = [this] { return connection_; };
    config.publication = publication_;
    config.slot = slot_;
    config.progress = progress_id;
    config.tables = tables;
    SourceOptions options{.store = *store_};
    options.on_status = [this](const SourceStatusChange& change) {
      const std::lock_guard lock(mutex_);
      statuses_.push_back(fmt::format("{}|{}|{}", change.table ? name(*change.table) : "source",
                                      to_string(change.state), change.error));
    };
    options.log = [](std::string_view text) { std::cerr << text << std::endl; };
    source_ = PostgresSource::start(std::move(config), std::move(options));
  }

  void obey() {
    std::string line;
    while (std::getline(std::cin, line)) {
      std::istringstream words(line);
      std::string command;
      words >> command;
      try {
        if (command == "quit") return;
        run(command, words);
      } catch (const SqlError& error) {
        std::cout << "error|" << error.state().view() << "|" << error.message() << "|"
                  << error.detail() << "\n";
      }
      std::cout << "." << std::endl;
    }
  }

 private:
  static ColumnReference column(const std::string& text) {
    ColumnReference reference;
    std::istringstream parts(text);
    for (std::string part; std::getline(parts, part, '.');) reference.name.push_back(part);
    return reference;
  }

  std::vector<TableExport> create_all() {
    PurificationRequest request{.connection = connection_, .publication = publication_};
    request.text_columns = text_columns_;
    return create(request, true);
  }

  std::vector<TableExport> create(const PurificationRequest& request, bool with_progress) {
    PurifiedSource purified = purify(request, cancel_);
    storage::CommitRequest commit;
    for (TableExport& table : purified.tables) {
      table.collection.value = next_id();
      commit.create.push_back({table.collection, {.schema = table.schema, .key = table.key}});
      commit.records.push_back({.space = storage::RecordSpace::catalog,
                                .key = fmt::format("export/{}", table.collection.value),
                                .value = encode_export(table)});
    }
    if (with_progress) {
      const Schema schema{{{.name = "lsn", .type = TypeId::uint8, .nullable = false}}};
      commit.create.push_back({progress_id, {.schema = schema}});
    }
    const storage::CommitOutcome outcome = store_->commit(std::move(commit));
    if (outcome.error) throw *outcome.error;
    return purified.tables;
  }

  std::uint64_t next_id() {
    std::uint64_t id = next_id_;
    for (const storage::CollectionId known : store_->collections()) {
      if (known != progress_id) id = std::max(id, known.value + 1);
    }
    next_id_ = id + 1;
    return id;
  }

  std::string name(storage::CollectionId collection) const {
    for (const auto& [name, table] : tables_) {
      if (table.collection == collection) return name;
    }
    return "?";
  }

  static constexpr auto forever = std::chrono::steady_clock::time_point::max();

  void run(const std::string& command, std::istringstream& words) {
    if (command == "recent") {
      source_->wait_recent(cancel_);
    } else if (command == "readable") {
      for (const auto& [name, table] : tables_)
        source_->wait_readable(table.collection, forever, cancel_);
    } else if (command == "dump") {
      std::vector<std::string> names;
      for (std::string word; words >> word;) names.push_back(word);
      dump(names);
    } else if (command == "add") {
      std::string schema, table;
      std::getline(words >> std::ws, schema, '.');
      words >> table;
      PurificationRequest request{.connection = connection_, .publication = publication_};
      request.selection = PurificationRequest::Selection::tables;
      request.tables.push_back({.name = {schema, table}});
      request.slots_needed = 1;
      for (TableExport& made : create(request, false)) {
        {
          const std::lock_guard lock(mutex_);
          tables_[name_of(made)] = made;
        }
        source_->add_table(made);
      }
    } else if (command == "remove") {
      std::string table;
      words >> table;
      const storage::CollectionId collection = tables_.at(table).collection;
      source_->remove_table(collection);
      storage::CommitRequest commit;
      commit.drop.push_back(collection);
      commit.records.push_back({.space = storage::RecordSpace::catalog,
                                .key = fmt::format("export/{}", collection.value)});
      store_->commit(std::move(commit));
      tables_.erase(table);
    } else if (command == "statistics") {
      for (const ExportStatistics& row : source_->statistics()) {
        const auto show = [](const auto& value) { return value ? std::to_string(*value) : "-"; };
        std::cout << fmt::format("{}|{}|{}|{}|{}|{}|{}|{}|{}|{}\n",
                                 row.collection.value == 0 ? "source" : name(row.collection),
                                 row.messages_received, row.bytes_received, row.updates_staged,
                                 row.updates_committed, show(row.snapshot_records_known),
                                 show(row.snapshot_records_staged), row.snapshot_committed,
                                 show(row.offset_known), show(row.offset_committed));
      }
    } else if (command == "status") {
      const std::lock_guard lock(mutex_);
      for (const std::string& status : statuses_) std::cout << status << "\n";
      statuses_.clear();
    } else if (command == "count") {
      std::string table;
      words >> table;
      const storage::CollectionId collection = tables_.at(table).collection;
      const storage::Snapshot snapshot = store_->snapshot(collection, store_->latest_time());
      Diff rows = 0;
      for (const storage::ChunkPtr& chunk : snapshot.rows.chunks) {
        const Batch batch = chunk->read({});
        for (std::size_t row = 0; row < batch.rows; ++row) rows += batch.diffs[row];
      }
      std::cout << rows << "\n";
    } else {
      std::cout << "error|unknown command\n";
    }
  }

  // The rows of one collection, consolidated, as text.
  void dump_rows(const std::string& name, const storage::Chunks& chunks,
                 const std::vector<Type>& types, bool errors) {
    std::vector<int> columns;
    std::vector<TextWriter> writers;
    for (std::size_t i = 0; i < types.size(); ++i) {
      columns.push_back(static_cast<int>(i));
      writers.push_back(text_writer(types[i]));
    }
    std::map<std::string, Diff> counts;
    std::string text;
    for (const storage::ChunkPtr& chunk : chunks.chunks) {
      const Batch batch = chunk->read(columns);
      for (std::size_t row = 0; row < batch.rows; ++row) {
        text.clear();
        for (std::size_t i = 0; i < types.size(); ++i) {
          if (i > 0) text += '\t';
          if (batch.columns[i]->is_null(row)) {
            text += "\\N";
          } else {
            writers[i](*batch.columns[i], row, {.extra_float_digits = 3}, text);
          }
        }
        counts[text] += batch.diffs[row];
      }
    }
    for (const auto& [row, count] : counts) {
      if (count == 0) continue;
      std::string escaped;
      for (const char c : row) {
        if (c == '\n') {
          escaped += "\\n";
        } else {
          escaped += c;
        }
      }
      std::cout << name << "|" << (errors ? "!" : "") << count << "|" << escaped << "\n";
    }
  }

  void dump(const std::vector<std::string>& names) {
    std::vector<storage::CollectionId> ids;
    for (const std::string& name : names) {
      ids.push_back(name == "progress" ? progress_id : tables_.at(name).collection);
    }
    const Timestamp time = store_->latest_time();
    // All are taken before the first is read: reading takes longer than the past is kept.
    std::vector<storage::Snapshot> snapshots;
    for (const storage::CollectionId id : ids) snapshots.push_back(store_->snapshot(id, time));
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::vector<Type> types = ids[i] == progress_id ? std::vector<Type>{TypeId::uint8}
                                                            : tables_.at(names[i]).schema.types();
      dump_rows(names[i], snapshots[i].rows, types, false);
      dump_rows(names[i], snapshots[i].errors, error_schema().types(), true);
    }
  }

  ConnectionConfig connection_;
  std::string publication_;
  std::string slot_;
  std::vector<ColumnReference> text_columns_;
  CancelToken cancel_;
  std::unique_ptr<storage::Store> store_;
  std::uint64_t next_id_ = 1;
  std::mutex mutex_;
  std::map<std::string, TableExport> tables_;
  std::vector<std::string> statuses_;
  std::unique_ptr<PostgresSource> source_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 9) {
    std::cerr
        << "follow DIRECTORY HOST PORT DATABASE USER PASSWORD PUBLICATION SLOT [TEXT_COLUMN...]\n";
    return 2;
  }
  try {
    Follower follower(argc, argv);
    follower.start();
    std::cout << "ready\n." << std::endl;
    follower.obey();
  } catch (const SqlError& error) {
    std::cout << "error|" << error.state().view() << "|" << error.message() << "|" << error.detail()
              << "|" << error.hint() << "\n." << std::endl;
    return 1;
  }
}
