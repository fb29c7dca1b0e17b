#!/bin/bash
# Installs the build BELISHA_BUILD into a folder of its own, as a package would, and looks at what is there.
set -u
cmake=${CMAKE:-cmake}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

install_into_root() { DESTDIR=$root "$cmake" --install "$BELISHA_BUILD" --prefix /usr >/dev/null; }

every_file_has_its_place() {
    local file
    for file in usr/sbin/belishad usr/sbin/belisha-notice usr/bin/belisha usr/bin/blocklist-compiler \
        usr/share/man/man{1/belisha.1,1/blocklist-compiler.1,5/belisha.yaml.5,8/belishad.8,8/belisha-notice.8}.gz \
        etc/belisha/{belisha,policy,feeds}.yaml \
        usr/share/belisha/{belisha.yaml,feeds.yaml,categories.yaml,help-services.yaml,popular-names.txt,protected-help.txt,safesearch.yaml,risk-assessment.yaml,sites.yaml,background.yaml,concern.yaml} \
        usr/share/belisha/{notice/frame.html,sample-feeds/malware.hosts,apparmor/usr.sbin.unbound} \
        usr/lib/systemd/system/{belishad.service,belisha-notice.service,belisha-alert@.service,belisha-alerts.service,belisha-ship@.service,belisha-ship-check@.service,belisha-ship-check@.timer} \
        usr/lib/systemd/system/belisha-{compile,attest,report@}.{service,timer} usr/lib/{sysusers,tmpfiles}.d/belisha.conf \
        usr/lib/sysctl.d/50-belisha.conf usr/share/doc/belisha/{copyright,changelog.gz,docs/operations.md}; do
        [ -s "$root/$file" ] || echo "$file: not installed"
    done
    [ -d "$root/usr/share/belisha/sample-feeds" ] &&
        [ "$(readlink "$root/etc/belisha/sample-feeds")" = /usr/share/belisha/sample-feeds ] ||
        echo "etc/belisha/sample-feeds: does not lead to the sample feeds"
}

nothing_of_the_build_is_installed() {
    find "$root" -name '*.a' -o -name '*.h' -o -name '*.cmake' -o -name '*.service.in'
    grep -rlF --exclude-dir=bin --exclude-dir=sbin "$BELISHA_BUILD" "$root" | sed 's/$/: names the build folder/'
}

every_program_starts() {
    local program
    for program in sbin/belishad sbin/belisha-notice bin/belisha bin/blocklist-compiler; do
        "$root/usr/$program" --version | grep -qE "^${program#*/} [0-9]+\.[0-9]+\.[0-9]+$" || echo "$program --version"
        "$root/usr/$program" --help | grep -qi '^usage: ' || echo "$program --help"
    done
}

the_sample_configuration_is_valid() {
    "$root/usr/bin/belisha" -c "$root/etc/belisha/belisha.yaml" config check >/dev/null
    "$root/usr/sbin/belisha-notice" --check -c "$root/etc/belisha/belisha.yaml"
    "$root/usr/bin/blocklist-compiler" --quiet --recipe "$root/usr/share/belisha/feeds.yaml" --out "$root/lists" \
        --report-file /dev/null || echo "the sample recipe: exit code $?"
}

a_changed_configuration_is_kept() {
    echo "# changed" >"$root/etc/belisha/policy.yaml"
    install_into_root
    [ "$(cat "$root/etc/belisha/policy.yaml")" = "# changed" ] || echo "etc/belisha/policy.yaml: overwritten"
}

# Each row of tmpfiles.d and each unit names a user that sysusers.d makes.
users_of_units_and_folders_are_made() {
    local user lib=$root/usr/lib
    { sed -n 's/^User=//p' "$lib"/systemd/system/*.service && awk '$1 == "d" { print $4 }' "$lib/tmpfiles.d/belisha.conf"; } |
        sort -u | grep -vx root | while read -r user; do
        grep -q "^u $user " "$lib/sysusers.d/belisha.conf" || echo "$user: sysusers.d does not make it"
    done
}

units_are_valid() {
    local units=$root/usr/lib/systemd/system unit
    command -v systemd-analyze >/dev/null || return 0
    # Programs are looked for in the system's own folders; here they are elsewhere.
    systemd-analyze verify --man=no "$units"/belish*.{service,timer} 2>&1 | grep -F "$root" | grep -v 'is not executable'
    for unit in belishad belisha-notice belisha-compile belisha-attest belisha-alerts belisha-ship@ belisha-ship-check@ belisha-report@; do
        systemd-analyze security --no-pager --offline=true --threshold=20 "$units/$unit.service" >/dev/null ||
            echo "$unit.service: exposed more than 2.0 (systemd-analyze security)"
    done
}

manual_pages_are_well_formed() {
    local page
    command -v groff >/dev/null || return 0
    for page in "$root"/usr/share/man/man?/*.gz; do
        zcat "$page" | groff -man -ww -z 2>&1 | sed "s,^,${page##*/}: ,"
    done
}

bad=0
install_into_root || exit 1
for rule in every_file_has_its_place nothing_of_the_build_is_installed every_program_starts \
    the_sample_configuration_is_valid a_changed_configuration_is_kept users_of_units_and_folders_are_made \
    units_are_valid manual_pages_are_well_formed; do
    complaints=$($rule 2>&1)
    if [ -n "$complaints" ]; then
        echo "$rule: broken"
        echo "$complaints" | sed 's/^/  /'
        bad=$((bad + 1))
    else
        echo "$rule: ok"
    fi
done
[ "$bad" = 0 ]
