// What the PostgreSQL source is told: plain values, no catalog. Everything needed to connect,
// snapshot and follow.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "replication/network/addresses.hpp"
#include "repr/cancel.hpp"
#include "repr/schema.hpp"
#include "repr/secret_bytes.hpp"
#include "storage/collection_id.hpp"

namespace tailrace::replication::ssh {
class Tunnel;
}

namespace tailrace::replication {

namespace aws {
struct DatabaseUser;
}

// Logging in by AWS IAM: a token that is made for each attempt to connect serves as the password.
struct AwsLogin {
  std::function<std::string(const aws::DatabaseUser& user, CancelToken& cancel)> make_token;
  std::string recipe;  // how to make this again, secrets included; opaque here
};

// How a peer that vanished is noticed without its help.
struct TcpSettings {
  std::chrono::milliseconds keepalives_idle{10'000};
  std::chrono::milliseconds keepalives_interval{5'000};
  std::int64_t keepalives_retries = 5;
  std::chrono::milliseconds user_timeout{60'000};  // of data that is not acknowledged
  bool configure_server = false;                   // upstream's side of the session too
};

// How to reach one PostgreSQL database. Holds secrets: never logged, never copied into errors.
struct ConnectionConfig {
  std::string host;
  std::uint16_t port = 5432;
  std::string database;
  std::string user;
  std::optional<std::string> password;
  enum class SslMode : std::uint8_t {
    disable,
    require,
    verify_ca,
    verify_full
  } ssl_mode = SslMode::disable;
  std::optional<std::string> ssl_certificate_authority;  // PEM
  std::optional<std::string> ssl_certificate;            // PEM
  std::optional<std::string> ssl_key;                    // PEM
  std::shared_ptr<ssh::Tunnel> tunnel;                   // through which to reach it; null: none
  // The host and port to dial instead (an endpoint's), asked for at each attempt; TLS still checks `host`. Throws
  // SqlError.
  std::function<std::string()> find_endpoint;
  std::optional<std::uint16_t> endpoint_port;
  std::shared_ptr<const AwsLogin> aws_login;
  std::chrono::milliseconds connect_timeout{30'000};  // for all addresses of the host together
  TcpSettings tcp;
  NetworkRules network;
  std::string application_name = "tailrace";

  ~ConnectionConfig() {
    for (auto* secret : {&password, &ssl_key}) {
      if (*secret) clear_secret(**secret);
    }
  }
};

struct UpstreamColumn {
  std::string name;
  std::int16_t attribute_number = 0;
  Oid type_oid = 0;
  std::int32_t type_modifier = -1;
  bool not_null = false;
  bool generated = false;
};

struct UpstreamKey {
  Oid oid = 0;  // of the constraint
  std::string name;
  std::vector<std::int16_t> attribute_numbers;
  bool primary = false;
};

// Labels of enum types, by the oid of each label's row.
using EnumLabels = std::map<Oid, std::string>;

struct UpstreamTable {
  Oid oid = 0;
  std::string schema;
  std::string name;
  char replica_identity = 'd';          // pg_class.relreplident
  std::vector<UpstreamColumn> columns;  // live ones, in attribute order
  std::vector<UpstreamKey> keys;
  Oid publication = 0;  // of the publication; 0: not recorded
  // What puts the table into the publication, each by the row upstream that says so. A table that was taken out and
  // added again is there by other rows.
  std::vector<std::string> memberships;
};

// One upstream table that is ingested into one collection.
struct TableExport {
  UpstreamTable upstream;  // as of the purification: what later schema messages are held against
  storage::CollectionId collection;
  Schema schema;                // of the collection
  std::vector<int> column_map;  // for each column of the collection its index in upstream.columns
  std::vector<bool> as_text;    // for each column of the collection: TEXT COLUMN
  std::vector<int> key;         // columns of the collection that identify a row; empty: none known
  EnumLabels labels;            // that values of TEXT COLUMNS are made of
};

// What an operator may set for all sources.
struct SourceSettings {
  std::chrono::milliseconds snapshot_statement_timeout{0};  // 0: none
  std::optional<std::chrono::milliseconds>
      wal_sender_timeout;  // upstream's for our stream; none: its own, 0: never
  std::chrono::milliseconds validation_interval{15'000};  // between two looks at upstream's catalog
  bool validate_timeline = true;
};

struct SourceConfig {
  std::string source_id;  // "u7", for logs, application_name and records
  // Asked anew before each session, so that what was altered counts from the next one on. Throws SqlError if there is
  // none to be had. Thread-safe.
  std::function<ConnectionConfig()> connection;
  std::function<SourceSettings()> settings;  // likewise; null: as built in
  std::string publication;
  std::string slot;
  std::optional<std::uint64_t> timeline;
  storage::CollectionId progress;  // progress subsource (lsn uint8); 0: none
  std::vector<TableExport> tables;
};

// To and from the opaque `details` that the catalog keeps (versioned; throws XX001).
std::string encode_export(const TableExport& table);  // without collection
TableExport decode_export(std::string_view bytes);

}  // namespace tailrace::replication
