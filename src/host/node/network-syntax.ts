// How the options of the network are written, for help texts.

export const NETWORK_SYNTAX = 'none|user|switch:NAME[,nat]';
export const PUBLISH_SYNTAX = '[ADDRESS:]HOSTPORT:GUESTPORT[/udp]';
export { ALLOW_SYNTAX } from '../../net/egress-rule.ts';
