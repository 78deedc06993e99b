# What Perl programs do: matching and substitution, hashes, splitting, joining and sorting of lines, closures.
use strict;
use warnings;

my $seed = 42;
sub noise { $seed = ($seed * 1103515245 + 12345) % 2147483648; return $seed >> 8; }

my @hosts = map { "host" . $_ . ".example" } 1 .. 50;
my @paths = map { "/page/" . ("a" .. "z")[ $_ % 26 ] . "/$_.html" } 1 .. 200;
my @log;
for (1 .. 14000) {
  my $status = noise() % 10 ? 200 : 404;
  push @log, sprintf '%s - - [%02d/Jan/2024:%02d:%02d:%02d] "GET %s HTTP/1.1" %d %d', $hosts[ noise() % 50 ],
    noise() % 28 + 1, noise() % 24, noise() % 60, noise() % 60, $paths[ noise() % 200 ], $status, noise() % 90000;
}

my ( %bytes, %hits, %missing );
for my $line (@log) {
  next unless $line =~ m{^(\S+) \S+ \S+ \[(\d+)/(\w+)/(\d+):(\d+):\d+:\d+\] "(\w+) ([^" ]+)[^"]*" (\d+) (\d+)$};
  $bytes{$1} += $9;
  $hits{$7}{$5}++;
  $missing{$7}++ if $8 == 404;
}

my @busy = sort { $bytes{$b} <=> $bytes{$a} || $a cmp $b } keys %bytes;
my $hours = 0;
for my $path ( sort keys %hits ) {
  $hours += $_ * $hits{$path}{$_} for sort { $a <=> $b } keys %{ $hits{$path} };
}

my $text = join "\n", @log;
( my $short = $text ) =~ s/host(\d+)\.example/h$1/g;
$short =~ s{/page/([a-z])/}{ uc($1) . '-' }ge;
( my $upper = $short ) =~ tr/a-z/A-Z/;
my %letters;
$letters{$_}++ for split //, substr $upper, 0, 120000;

my @steps = map { my $n = $_; sub { ( $_[0] * $n + 7 ) % 1000003 } } 1 .. 20;
my $value = 1;
for ( 1 .. 6000 ) { $value = $_->($value) for @steps }

print "\@checksum ", join( ' ', $busy[0], $bytes{ $busy[0] }, $hours, scalar( keys %missing ), length $short,
  $letters{H}, $value ), "\n";
