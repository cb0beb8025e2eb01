"""The plugins of Apprise by kind of target, so that only the needed ones are imported.

All plugins together are 220 modules; a test compares this table with the library.
"""

_TABLE = """
acs africas_talking=atalk amqp.base=amqp,amqps apprise_api=apprise,apprises aprs awswhatsapp
bale bark=bark,barks betterstack bluesky=bsky,bluesky brevo bulksms bulkvs
burstsms=burstsms,kudosity chanify clickatell clicksend cliq=cliq,zcliq,zohocliq cm
custom_form=form,forms custom_json=json,jsons custom_xml=xml,xmls d7networks=d7sms dapnet
deltachat=deltachat,deltachats dingtalk discord dot eight00com email.base=mailto,mailtos
emby=emby,embys enigma2=enigma2,enigma2s evolution=evolution,evolutions exotel fcm feishu
firehydrant flock flowtriq=flowtriq,flowtriqs fluxer=fluxer,fluxers fortysixelks=46elks,elks
freemobile github google_chat=gchat gorush=gorush,gorushs gotify=gotify,gotifys groundmail
groupme guilded gupshup home_assistant=hassio,hassios httpsms humhub=humhub,humhubs ifttt
infobip instagram irc.base=irc,ircs jellyfin=jellyfin,jellyfins jira join
kakaotalk=kakaotalk,kakao kaleyra=kaleyra,klr kavenegar kodi=kodi,xbmc,kodis,xbmcs kook kumulos
lametric=lametric,lametrics lark lauther lfgalarm=lfg line mailersend mailgun
mastodon=mastodon,toot,mastodons,toots matrix.base=matrix,matrixs mattermost=mmost,mmosts
messagebird=msgbird misskey=misskey,misskeys mobilemessage=mobilemessage,mobilemsg msg91
nextcloud=ncloud,nclouds nextcloudtalk=nctalk,nctalks nostr.base=nostr notica=notica,noticas
notifiarr notifico=notifico,notificos notifyapp notifyre ntfy=ntfy,ntfys octopush
office365=azure,o365 one_signal=onesignal onebot=onebot,onebots opsgenie
opsimate=opsimate,opsimates parseplatform=parsep,parseps pinglet=pinglet,pinglets pingram plivo
postmark prowl pushbullet=pbul pushdeer=pushdeer,pushdeers pushed pushjet=pjet,pjets pushme
pushover=pover pushplus=pushplus,wecom pushsafer=psafer,psafers pushward pushy qq reddit resend
revolt ringcentral=ringc rocketchat=rocket,rockets rsyslog ryver sendgrid sendpulse
serverchan=schan serwersms ses seven sfr signal_api=signal,signals signalgrid
simplepush=spush,simplepush sinch slack smsc smseagle=smseagle,smseagles
smsmanager=smsmgr,smsmanager smstunnel smtp2go sns sogs=session,sessions,sogs sparkpost spike
spugpush stackfield streamlabs=strmlabs synology=synology,synologys syslog techuluspush=push
telegram=tgram telesign telnyx threema trigv=trigv,trigvs twilio twist twitter=x,twitter,tweet
vapid viber voipms vonage=vonage,nexmo webexteams=wxteams,webex wechat wecombot whapi whatsapp
workflows=workflow,workflows wpush wxpusher xmatters youlmk zalo zoom zulip
"""
# Not listed: plugins that need packages that are not in the image or a desktop, and the services of
# `service.alerts.senders.incidents`.


def _kinds() -> dict[str, str]:
    kinds: dict[str, str] = {}
    for entry in _TABLE.split():
        module, _, names = entry.partition("=")
        kinds |= dict.fromkeys(names.split(",") if names else [module], module)
    return kinds


PLUGINS = _kinds()
"""The plugin's module below `apprise.plugins`, by the scheme of a URL."""
