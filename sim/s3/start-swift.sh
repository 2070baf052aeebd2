#!/bin/bash
# One OpenStack Swift node with its S3 API on loopback, for tests: everything below one directory, nothing outside it is changed.
# usage: start-swift.sh DIRECTORY PROXY_PORT ACCOUNT_PORT CONTAINER_PORT OBJECT_PORT MEMCACHED_PORT
# Prints "ready" when it answers; runs until it gets SIGTERM, then takes its servers along.
# Access key test:tester, secret testing, region us-east-1, path style.
set -euo pipefail
export LC_ALL=C.UTF-8
dir=$1 proxy_port=$2 account_port=$3 container_port=$4 object_port=$5 memcached_port=$6
packages="swift-proxy swift-account swift-container swift-object memcached"

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
# One by one: bash's command -v is content when it finds any of several.
installed() { for name in swift-proxy-server swift-object-server swift-ring-builder memcached unshare; do command -v "$name" > /dev/null || return 1; done; }
if ! installed; then
  echo "installing $packages" >&2
  as_root apt-get update -qq >&2
  # In runlevel 1, invoke-rc.d starts none of the services that the packages bring.
  as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
    apt-get install -y -qq --no-install-recommends $packages >&2 < /dev/null
fi

# Swift reads swift.conf from /etc/swift only: this process tree gets a private view, in which our directory lies over it.
if [ -z "${SWIFT_PRIVATE:-}" ]; then
  export SWIFT_PRIVATE=1
  if [ "$(id -u)" = 0 ]; then exec unshare --mount --propagation private "$0" "$@"; fi
  exec unshare --user --map-root-user --mount --propagation private "$0" "$@"
fi
conf=$dir/conf
mkdir -p "$conf" "$dir/srv/disk" "$dir/cache" "$dir/log"
mount --bind "$conf" /etc/swift

cat > "$conf/swift.conf" << END
[swift-hash]
swift_hash_path_prefix = test
swift_hash_path_suffix = test
[storage-policy:0]
name = default
default = yes
END

section_default() { # port
  cat << END
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $1
workers = 0
user = $(id -un)
swift_dir = $conf
devices = $dir/srv
mount_check = false
disable_fallocate = true
db_preallocation = off
log_address = $dir/log/none
END
}

storage_server() { # name port
  { section_default "$2"; cat << END
[pipeline:main]
pipeline = recon $1-server
[app:$1-server]
use = egg:swift#$1
[filter:recon]
use = egg:swift#recon
recon_cache_path = $dir/cache
END
  } > "$conf/$1-server.conf"
  # 16 partitions, one copy, one disk. The builder's exit code 1 is a warning: one copy is not much.
  swift-ring-builder "$conf/$1.builder" create 4 1 0 > /dev/null
  swift-ring-builder "$conf/$1.builder" add --region 1 --zone 1 --ip 127.0.0.1 --port "$2" --device disk --weight 1 > /dev/null
  swift-ring-builder "$conf/$1.builder" rebalance > /dev/null || [ $? = 1 ]
}
storage_server account "$account_port"
storage_server container "$container_port"
storage_server object "$object_port"

{ section_default "$proxy_port"; cat << END
[pipeline:main]
pipeline = catch_errors gatekeeper cache listing_formats bulk s3api tempauth copy slo dlo versioned_writes proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
max_upload_part_num = 10000
check_bucket_owner = false
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:$memcached_port
END
for filter in catch_errors gatekeeper listing_formats bulk copy slo dlo versioned_writes; do
  printf '[filter:%s]\nuse = egg:swift#%s\n' "$filter" "$filter"
done
} > "$conf/proxy-server.conf"

pids=()
stop() {
  trap - TERM INT EXIT
  kill "${pids[@]}" 2> /dev/null || true
  wait "${pids[@]}" 2> /dev/null || true
}
trap 'stop; exit 0' TERM INT
trap stop EXIT

as_user=(); [ "$(id -u)" = 0 ] && as_user=(-u root)
memcached -l 127.0.0.1 -p "$memcached_port" -U 0 -m 16 "${as_user[@]}" > "$dir/log/memcached.log" 2>&1 & pids+=($!)
for server in account container object proxy; do
  "swift-$server-server" "$conf/$server-server.conf" -v > "$dir/log/$server.log" 2>&1 & pids+=($!)
done

listening() { (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null; }
for port in "$memcached_port" "$account_port" "$container_port" "$object_port" "$proxy_port"; do
  until listening "$port"; do
    for pid in "${pids[@]}"; do
      kill -0 "$pid" 2> /dev/null || { echo "a server of swift did not start:" >&2; tail -n 20 "$dir"/log/*.log >&2; exit 1; }
    done
    sleep 0.2
  done
done
echo ready
wait -n
echo "a server of swift died:" >&2
tail -n 20 "$dir"/log/*.log >&2
exit 1
