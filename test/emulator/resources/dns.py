"""AWS::Route53 and AWS::CertificateManager"""

from typing import Any

from cloudformation.resource import Context, Failure, Handler, Properties, handles

from .tagging import gone


@handles('AWS::Route53::HostedZone')
class HostedZone(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        made = context.aws('route53').create_hosted_zone(
            Name=properties.take('Name'), CallerReference=context.name(), **properties.given('HostedZoneConfig')
        )
        context.physical_id = made['HostedZone']['Id'].split('/')[-1]
        self._tag(context, [], properties)
        return context.physical_id

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        self._tag(context, old.get('HostedZoneTags', []), new)

    def _tag(self, context: Context, old: list[dict[str, str]], properties: Properties) -> None:
        tags = context.tags(properties.take('HostedZoneTags'))
        changes = {'AddTags': tags, 'RemoveTagKeys': gone(old, tags)}
        given = {name: value for name, value in changes.items() if value}
        if given:
            context.aws('route53').change_tags_for_resource(
                ResourceType='hostedzone', ResourceId=context.physical_id, **given
            )

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('route53').delete_hosted_zone(Id=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        zone = context.aws('route53').get_hosted_zone(Id=context.physical_id)
        return {'Id': context.physical_id, 'NameServers': zone['DelegationSet']['NameServers']}


@handles('AWS::Route53::RecordSet')
class RecordSet(Handler):
    # Its physical id is a domain name, which others may say as well.
    is_reference = False

    def create(self, context: Context, properties: Properties) -> str:
        change(context, 'CREATE', properties.take('HostedZoneId'), record(properties))
        return properties.values['Name']

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        change(context, 'UPSERT', new.take('HostedZoneId'), record(new))

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        change(context, 'DELETE', properties['HostedZoneId'], record(Properties(properties)))


@handles('AWS::CertificateManager::Certificate')
class Certificate(Handler):
    def create(self, context: Context, properties: Properties) -> str:
        acm, domain = context.aws('acm'), properties.take('DomainName')
        options = properties.take('DomainValidationOptions', [])
        if properties.take('ValidationMethod') != 'DNS' or not all('HostedZoneId' in option for option in options):
            raise Failure(f'The certificate for {domain} would wait for somebody to prove the domain: no HostedZoneId is given')
        for option in options:
            zone_of(context, option['HostedZoneId'], option['DomainName'])
        made = acm.request_certificate(
            DomainName=domain,
            ValidationMethod='DNS',
            **context.tagged(properties),
            **properties.given('SubjectAlternativeNames', 'KeyAlgorithm'),
        )
        arn = made['CertificateArn']
        proofs = acm.describe_certificate(CertificateArn=arn)['Certificate']['DomainValidationOptions']
        for option in options:
            (proof,) = [one['ResourceRecord'] for one in proofs if one['DomainName'] == option['DomainName']]
            change(context, 'UPSERT', option['HostedZoneId'], cname(proof))
        return arn

    def update(self, context: Context, old: dict[str, Any], new: Properties) -> None:
        acm = context.aws('acm')
        acm.add_tags_to_certificate(CertificateArn=context.physical_id, **context.tagged(new))

    def delete(self, context: Context, properties: dict[str, Any]) -> None:
        context.aws('acm').delete_certificate(CertificateArn=context.physical_id)

    def attributes(self, context: Context, properties: dict[str, Any]) -> dict[str, Any]:
        return {'Id': context.physical_id}


def record(properties: Properties) -> dict[str, Any]:
    made = properties.given('Name', 'Type', 'AliasTarget', 'Weight', 'SetIdentifier', 'Region', 'Failover')
    if 'AliasTarget' in made:
        made['AliasTarget'] = {'EvaluateTargetHealth': False} | made['AliasTarget']
    else:
        made['TTL'] = int(properties.take('TTL', 300))
        made['ResourceRecords'] = [{'Value': value} for value in properties.take('ResourceRecords', [])]
    return made


def cname(proof: dict[str, str]) -> dict[str, Any]:
    return {'Name': proof['Name'], 'Type': proof['Type'], 'TTL': 300, 'ResourceRecords': [{'Value': proof['Value']}]}


def change(context: Context, action: str, zone_id: str, changed: dict[str, Any]) -> None:
    zone_of(context, zone_id, changed['Name'])
    context.aws('route53').change_resource_record_sets(
        HostedZoneId=zone_id, ChangeBatch={'Changes': [{'Action': action, 'ResourceRecordSet': changed}]}
    )


def zone_of(context: Context, zone_id: str, name: str) -> None:
    route53 = context.aws('route53')
    try:
        zone = route53.get_hosted_zone(Id=zone_id)['HostedZone']
    except route53.exceptions.NoSuchHostedZone:
        raise Failure(f'No hosted zone found with ID: {zone_id}') from None
    domain = f'.{zone["Name"].rstrip(".")}'
    if not f'.{name.rstrip(".")}'.endswith(domain):
        raise Failure(f'RRSet with DNS name {name} is not permitted in zone {zone["Name"]}')
