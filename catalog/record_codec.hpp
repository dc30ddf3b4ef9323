// Catalog objects as records in the store: key and value, both ways.
//
//   key:    database/u1  schema/u3  role/u1  cluster/u1  item/u12  comment/<type>/<id>/<column>
//   variable/<name>
//           counter/<kind>  acl/system
//           default_privilege/<creator>/<database>/<schema>/<object type>/<grantee>
//   value:  version byte, then the fields in order; strings and lists with a length in front
//   (varint)
//
// What follows from `create_sql` (trees) is not stored but parsed again. Decoding throws SqlError
// XX001 that names the key.
#pragma once

#include <string>
#include <string_view>

#include "catalog/object.hpp"

namespace tailrace::catalog {

std::string record_key(DatabaseId id);
std::string record_key(SchemaId id);
std::string record_key(RoleId id);
std::string record_key(ClusterId id);
std::string record_key(ItemId id);
std::string record_key(const CommentKey& key);
std::string record_key(const DefaultPrivilege& key);

std::string encode(const Database& database);
std::string encode(const Schema& schema);
std::string encode(const Role& role);
std::string encode(const Cluster& cluster);
std::string encode(const Item& item);
std::string encode(const Acl& acl);
std::string encode(PrivilegeSet privileges);

Database decode_database(std::string_view bytes);
Schema decode_schema(std::string_view bytes);
Role decode_role(std::string_view bytes);
Cluster decode_cluster(std::string_view bytes);
Item decode_item(std::string_view bytes);
Acl decode_acl(std::string_view bytes);
PrivilegeSet decode_privileges(std::string_view bytes);
CommentKey decode_comment_key(std::string_view key);
DefaultPrivilege decode_default_privilege_key(std::string_view key);

// Sets what an item's body derives from its create_sql: queries, index keys, connection options.
void derive_from_sql(Item& item);

}  // namespace tailrace::catalog
